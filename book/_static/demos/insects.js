import { show } from "./pictures.js";

export const start = (stage, say) => show(stage, say, "insects");
