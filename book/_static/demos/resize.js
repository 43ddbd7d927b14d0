/* A picture as a network takes it: the middle square, made smaller as Pillow does it (bilinear, over all pixels). */

/** For each of `size` places of a side: where its part of `length` pixels begins, and their weights. */
function weights(length, size) {
  const scale = length / size;
  const reach = Math.max(scale, 1);
  return Array.from({ length: size }, (_, place) => {
    const centre = (place + 0.5) * scale;
    const start = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(length, Math.floor(centre + reach + 0.5));
    const parts = Array.from({ length: end - start }, (_, k) =>
      Math.max(0, 1 - Math.abs((start + k - centre + 0.5) / reach)),
    );
    const total = parts.reduce((sum, part) => sum + part, 0);
    return { start, parts: parts.map((part) => part / total) };
  });
}

/** One colour, rows of `width` numbers -> rows of `size` numbers, rounded. */
function narrow(pixels, width, height, size) {
  const found = new Uint8ClampedArray(size * height);
  weights(width, size).forEach(({ start, parts }, x) => {
    for (let y = 0; y < height; y++) {
      let sum = 0;
      for (let k = 0; k < parts.length; k++) sum += parts[k] * pixels[y * width + start + k];
      found[y * size + x] = Math.floor(sum + 0.5);
    }
  });
  return found;
}

function turned(pixels, width, height) {
  const found = new Uint8ClampedArray(pixels.length);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) found[x * height + y] = pixels[y * width + x];
  return found;
}

/** RGBA (height * width * 4) -> Float32Array(3 * size * size), each colour from 0 to 255. */
export function square(rgba, width, height, size) {
  const scale = size / Math.min(width, height);
  const [across, down] = [width, height].map((side) => Math.max(size, Math.round(side * scale)));
  const [left, top] = [across, down].map((side) => Math.floor((side - size) / 2));
  const found = new Float32Array(3 * size * size);
  for (let color = 0; color < 3; color++) {
    let pixels = new Uint8ClampedArray(width * height);
    for (let k = 0; k < pixels.length; k++) pixels[k] = rgba[4 * k + color];
    pixels = narrow(pixels, width, height, across);
    pixels = narrow(turned(pixels, across, height), height, across, down); // columns as rows
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++) found[(color * size + y) * size + x] = pixels[(left + x) * down + top + y];
  }
  return found;
}

const MOST = 1600; // pixels of the short side that are looked at one by one

/** What createImageBitmap takes -> the same as `square`. Rejects with a sentence for what is no picture. */
export async function read(source, size, name) {
  const bitmap = await createImageBitmap(source).catch(() => {
    throw new Error(`${name} is no picture that this browser can read: choose a JPEG, PNG or WebP file.`);
  });
  const shrink = Math.min(1, MOST / Math.min(bitmap.width, bitmap.height));
  let [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * shrink)));
  let [x, y, w, h] = [0, 0, bitmap.width, bitmap.height];
  const longest = 8 * Math.min(width, height); // of a strip the middle alone
  if (Math.max(width, height) > longest) {
    if (width > height) [x, w, width] = [Math.floor((w - 8 * h) / 2), 8 * h, longest];
    else [y, h, height] = [Math.floor((h - 8 * w) / 2), 8 * w, longest];
  }
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff"; // under what is transparent
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, x, y, w, h, 0, 0, width, height);
  bitmap.close();
  return square(context.getImageData(0, 0, width, height).data, width, height, size);
}
