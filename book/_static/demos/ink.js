/* From what was drawn to what LeNet takes, as torchbook.digit_photo does it: a square around the ink, 32 x 32 shares. */

/** Ink (height * width, 0 or 1) -> Float32Array(1024): the share of ink in each part; null without any ink. */
export function shares(ink, width, height, size = 32) {
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      if (ink[y * width + x]) {
        [left, right] = [Math.min(left, x), Math.max(right, x)];
        [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
      }
  if (right < 0) return null;
  const [across, down] = [right - left + 1, bottom - top + 1];
  const side = Math.max(across, down);
  const [x0, y0] = [left - Math.floor((side - across) / 2), top - Math.floor((side - down) / 2)];
  const found = new Float32Array(size * size);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      const [y1, y2] = [Math.floor((row * side) / size), Math.ceil(((row + 1) * side) / size)];
      const [x1, x2] = [Math.floor((column * side) / size), Math.ceil(((column + 1) * side) / size)];
      let sum = 0;
      for (let y = y0 + y1; y < y0 + y2; y++)
        for (let x = x0 + x1; x < x0 + x2; x++)
          if (x >= left && x <= right && y >= top && y <= bottom) sum += ink[y * width + x];
      found[row * size + column] = sum / ((y2 - y1) * (x2 - x1));
    }
  return found;
}
