// A picture that looks like a QR code. It cannot be scanned: the real one is drawn by Rust.
import { chance } from "./random";

const size = 29;
const quiet = 4;

const finder = (x: number, y: number) =>
  `M${x} ${y}h7v7h-7zM${x + 1} ${y + 1}v5h5v-5zM${x + 2} ${y + 2}h3v3h-3z`;

/** The picture as a `data:` URL, different for different texts. */
export function fakeQr(content: string): string {
  const next = chance([...content].reduce((sum, letter) => sum * 31 + (letter.codePointAt(0) ?? 0), 17) | 0);
  const far = quiet + size - 7;
  let modules = finder(quiet, quiet) + finder(far, quiet) + finder(quiet, far);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const inFinder = (x < 8 && y < 8) || (x >= size - 8 && y < 8) || (x < 8 && y >= size - 8);
      if (!inFinder && next() < 0.48) modules += `M${x + quiet} ${y + quiet}h1v1h-1z`;
    }
  }
  const whole = size + 2 * quiet;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${whole} ${whole}" shape-rendering="crispEdges"><path fill="white" d="M0 0h${whole}v${whole}H0z"/><path fill-rule="evenodd" d="${modules}"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
