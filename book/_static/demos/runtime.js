/* Networks in ONNX files, run by ONNX Runtime in WebAssembly with one thread; all comes from this site. */
const here = new URL(".", import.meta.url);
const KINDS = { float32: [Float32Array, Number], int64: [BigInt64Array, BigInt] };
const MOST = 1e-4; // how far an answer may be from PyTorch's
let runtime;

export async function fetched(path, read) {
  const answer = await fetch(new URL(path, here)).catch(() => ({ ok: false, status: "no answer" }));
  if (!answer.ok) throw new Error(`${path} could not be loaded (${answer.status}).`);
  return answer[read]();
}

function load() {
  runtime ??= import(new URL("ort/ort.wasm.bundle.min.mjs", here)).then((ort) => {
    ort.env.wasm.numThreads = 1; // more would need headers that a static site cannot send
    ort.env.wasm.wasmPaths = { wasm: new URL("ort/ort-wasm-simd-threaded.wasm", here).href };
    return ort;
  });
  runtime.catch(() => (runtime = undefined));
  return runtime;
}

export class Network {
  /** Load `name`, and let it answer what PyTorch has answered. Rejects where the answers differ. */
  static async load(name) {
    const [ort, bytes, check] = await Promise.all([
      load(),
      fetched(`networks/${name}.onnx`, "arrayBuffer"),
      fetched(`networks/${name}.check.json`, "json"),
    ]);
    const network = new Network();
    network.ort = ort;
    network.last = Promise.resolve();
    network.session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
    network.difference = await network.compare(check);
    if (!(network.difference <= MOST))
      throw new Error(`this browser's answers differ from PyTorch's by ${network.difference.toPrecision(2)}.`);
    return network;
  }

  /** Inputs by name, each {type, dims, data} -> outputs by name, each {dims, data}; one call after the other. */
  run(inputs) {
    const run = async () => {
      const feeds = {};
      for (const [name, { type, dims, data }] of Object.entries(inputs)) {
        const [Kind, cast] = KINDS[type];
        feeds[name] = new this.ort.Tensor(type, data instanceof Kind ? data : Kind.from(data, cast), dims);
      }
      return this.session.run(feeds);
    };
    const answer = this.last.then(run);
    this.last = answer.catch(() => {}); // who asked hears of it; the next one is not held up
    return answer;
  }

  /** The largest difference from stored answers. */
  async compare({ inputs, outputs }) {
    const found = await this.run(inputs);
    let worst = 0;
    for (const [name, { data }] of Object.entries(outputs))
      for (let k = 0; k < data.length; k++) {
        const apart = Math.abs(Number(found[name].data[k]) - data[k]);
        worst = apart <= worst ? worst : apart; // also where one is not a number
      }
    return worst;
  }
}

/** Shares that add up to 1. */
export function softmax(scores, temperature = 1) {
  const top = Math.max(...scores);
  const powers = Array.from(scores, (score) => Math.exp((score - top) / temperature));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}
