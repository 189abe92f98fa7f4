// Finds n with sha256hex(salt + n) = challenge. Written out here because plain http addresses have no crypto.subtle,
// and because one synchronous loop is far quicker than a promise per number.
const K = new Int32Array(64), START = new Int32Array(8), W = new Int32Array(64);

(function constants() {
  const part = (x) => ((x - Math.floor(x)) * 2 ** 32) | 0;
  for (let n = 2, found = 0; found < 64; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) { prime = false; break; }
    if (!prime) continue;
    if (found < 8) START[found] = part(Math.sqrt(n));
    K[found++] = part(Math.cbrt(n));
  }
})();

function block(view, offset, h) {
  for (let i = 0; i < 16; i++) W[i] = view.getInt32(offset + 4 * i);
  for (let i = 16; i < 64; i++) {
    const a = W[i - 15], b = W[i - 2];
    const s0 = ((a >>> 7) | (a << 25)) ^ ((a >>> 18) | (a << 14)) ^ (a >>> 3);
    const s1 = ((b >>> 17) | (b << 15)) ^ ((b >>> 19) | (b << 13)) ^ (b >>> 10);
    W[i] = (W[i - 16] + s0 + W[i - 7] + s1) | 0;
  }
  let a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], k = h[7];
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (k + s1 + ((e & f) ^ (~e & g)) + K[i] + W[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    k = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
  }
  h[0] += a; h[1] += b; h[2] += c; h[3] += d; h[4] += e; h[5] += f; h[6] += g; h[7] += k;
}

function search({ salt, challenge, maximum }) {
  const head = new TextEncoder().encode(salt);
  const target = new Int32Array(challenge.match(/.{8}/g).map((part) => parseInt(part, 16)));
  const bytes = new Uint8Array(64 * Math.ceil((head.length + 30) / 64));
  const view = new DataView(bytes.buffer);
  const h = new Int32Array(8);
  bytes.set(head);
  for (let number = 0; number <= maximum; number++) {
    const digits = String(number);
    let length = head.length;
    for (let i = 0; i < digits.length; i++) bytes[length++] = digits.charCodeAt(i);
    const size = 64 * Math.ceil((length + 9) / 64);
    bytes.fill(0, length, bytes.length);
    bytes[length] = 0x80;
    view.setUint32(size - 4, length * 8);
    h.set(START);
    for (let offset = 0; offset < size; offset += 64) block(view, offset, h);
    if (h[0] === target[0] && h.every((word, i) => word === target[i])) return number;
    if (number % 20000 === 0) postMessage({ progress: Math.round((100 * number) / maximum) });
  }
  return undefined;
}

onmessage = ({ data }) => {
  postMessage({ number: data.algorithm === "SHA-256" ? search(data) : undefined });
};
