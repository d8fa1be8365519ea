// product multiplies rows with a matrix, then adds bias, activation and residual. The rows are those of a sequence, or what a
// filter sees of a feature map at each of its places.
//
//	for m := range items * rows {
//		for o := range width {
//			sum := 0
//			for k := range depth {
//				sum += x[m][k] * w[k][o] // x[m][k] of a map: its place (m's, moved by k's in the filter), 0 beside the map
//			}
//			dst[m][first+o] = activate(sum + bias[o]) + residual[m][first+o]
//		}
//	}
//
// A workgroup computes a tile of results, LANES_Y * ROWS high and LANES_X * 4 * QUADS wide, and walks along depth in steps of
// 16. Together its invocations bring that much of x and w into shared memory, in fours along depth and along the outputs.
// From there each one takes what it needs for ROWS rows, LANES_Y apart, of QUADS times four outputs, LANES_X * 4 apart.

struct Params {
  x: vec4<u32>,        // offset, stride between items, stride between rows
  residual: vec4<u32>, // the same
  dst: u32,            // offset; the rows lie one after the other
  count: u32,          // items * rows
  rows: u32,           // of one item
  across: u32,         // values of a result's row
  first: u32,          // where in it this part of the matrix begins
  width: u32,          // outputs of this part
  quads: u32,          // fours of outputs in a row of w
  depth: u32,          // values that are multiplied for one result
  bias: u32,           // where it begins in w
  add: u32,            // 1 if there is a residual
  height: u32,         // of the map, from here on for convolutions
  map_width: u32,
  out_width: u32,      // of the result
  kernel: u32,
  stride: u32,
  top: u32,            // zero rows before the map
  left: u32,           // zero columns before the map
  channels: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> dst: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> w: array<vec4<u32>>; // [depth][quads] fours in float32, and the bias
@group(0) @binding(4) var<storage, read> residual: array<f32>;
@group(0) @binding(5) var<storage, read> x_quads: array<vec4<f32>>; // x, where it may be read in fours
@group(0) @binding(6) var<storage, read> w_halves: array<vec2<u32>>; // w, where it is [depth][quads] fours in 16 bits

// What follows is put here as text before compiling.
const FORMAT: u32 = 0u;   // of w: 0 float32, 1 float16, 2 bfloat16, to which x is rounded too
const FILTER: u32 = 0u;   // 1: a convolution
const VECTOR: u32 = 0u;   // 1: x may be read in fours
const LANES_X: u32 = 16u; // invocations of a workgroup
const LANES_Y: u32 = 16u;
const ROWS: u32 = 4u;     // of a result's tile, for each invocation
const QUADS: u32 = 1u;
const LANES: u32 = 256u;  // LANES_X * LANES_Y
const TALL: u32 = 64u;    // LANES_Y * ROWS
const WIDE: u32 = 16u;    // LANES_X * QUADS
const SUMS: u32 = 4u;     // ROWS * QUADS
const XS: u32 = 320u;     // 5 * TALL
const WS: u32 = 256u;     // 16 * WIDE

// [TALL][5]: four fours of depth and a gap, so that neighbours meet different banks.
var<workgroup> xs: array<vec4<f32>, XS>;
// [16][WIDE]
var<workgroup> ws: array<vec4<f32>, WS>;
// Where each row of x begins; of a map the first place of the filter: row and column, moved by what lies before the map.
var<workgroup> begins: array<vec4<u32>, TALL>;

// at is where row r of an item begins in a tensor of (offset, item stride, row stride).
fn at(tensor: vec4<u32>, item: u32, r: u32) -> u32 {
  return tensor.x + item * tensor.y + r * tensor.z;
}

// The activation is one of kernels.Act, put here as text before compiling.
const ACT: u32 = 0u;

// logistic is 1 / (1 + e⁻ˣ). The argument is kept where e⁻ˣ is a float32: infinity divided by infinity is no number.
fn logistic(x: f32) -> f32 {
  return 1.0 / (1.0 + exp(clamp(-x, -80.0, 80.0)));
}

// gelu is x/2 (1 + erf(x/√2)), by way of erfc(z) = e^(-z²) t fit(t) with t = 1/(1 + 0.45 z), z = |x|/√2. The polynomial
// was fitted for the smallest relative error, 3e-7; going through erfc keeps the tail of negative x exact.
fn gelu(x: f32) -> f32 {
  let t = 1.0 / (1.0 + 0.31819806 * abs(x));
  var fit: f32 = 0.0668492984;
  fit = fit * t - 0.240166885;
  fit = fit * t + 0.208612163;
  fit = fit * t + 0.0405421543;
  fit = fit * t + 0.188500825;
  fit = fit * t + 0.22812429;
  fit = fit * t + 0.253629089;
  fit = fit * t + 0.25390937;
  let tail = 0.5 * abs(x) * exp(-min(0.5 * x * x, 80.0)) * t * fit;
  return max(x, 0.0) - tail;
}

// activate needs no tanh, which overflows on some drivers: (1 + tanh(u))/2 is logistic(2u).
fn activate(x: f32) -> f32 {
  if (ACT == 1u) { return max(x, 0.0); }
  if (ACT == 2u) { return gelu(x); }
  if (ACT == 3u) { return x * logistic(1.5957691 * (x + 0.044715 * x * x * x)); }
  if (ACT == 4u) { return x * logistic(1.702 * x); }
  if (ACT == 5u) { return x * logistic(x); }
  if (ACT == 6u) { return logistic(x); }
  return x;
}


// rounded is a number as the format has it.
fn rounded(v: f32) -> f32 {
  if (FORMAT == 2u) {
    let bits = bitcast<u32>(v);
    if ((bits & 0x7fffffffu) > 0x7f800000u) { return v; } // no number
    return bitcast<f32>((bits + 0x7fffu + ((bits >> 16u) & 1u)) & 0xffff0000u);
  }
  return v;
}

// begin is where row m of x begins.
fn begin(m: u32) -> vec4<u32> {
  let item = m / p.rows;
  let r = m % p.rows;
  if (FILTER == 0u) { return vec4<u32>(at(p.x, item, r), 0u, 0u, 0u); }
  return vec4<u32>(at(p.x, item, 0u), r / p.out_width * p.stride, r % p.out_width * p.stride, 0u);
}

// one is number k of the row of x that begins here.
fn one(origin: vec4<u32>, k: u32) -> f32 {
  if (FILTER == 0u) { return x[origin.x + k]; }
  let place = k / p.channels;
  // What lies before the map wraps round to large numbers, so that one comparison sees both ends.
  let y = origin.y + place / p.kernel - p.top;
  let column = origin.z + place % p.kernel - p.left;
  if (y >= p.height || column >= p.map_width) { return 0.0; }
  return x[origin.x + (y * p.map_width + column) * p.x.z + k % p.channels];
}

// four is numbers k to k + 3 of it.
fn four(origin: vec4<u32>, k: u32) -> vec4<f32> {
  if (VECTOR == 1u) {
    if (k >= p.depth) { return vec4<f32>(0.0); }
    var i: u32 = origin.x + k;
    if (FILTER == 1u) {
      let place = k / p.channels;
      let y = origin.y + place / p.kernel - p.top;
      let column = origin.z + place % p.kernel - p.left;
      if (y >= p.height || column >= p.map_width) { return vec4<f32>(0.0); }
      i = origin.x + (y * p.map_width + column) * p.x.z + k % p.channels;
    }
    return x_quads[i / 4u];
  }
  var v: vec4<f32> = vec4<f32>(0.0);
  if (k < p.depth) { v.x = one(origin, k); }
  if (k + 1u < p.depth) { v.y = one(origin, k + 1u); }
  if (k + 2u < p.depth) { v.z = one(origin, k + 2u); }
  if (k + 3u < p.depth) { v.w = one(origin, k + 3u); }
  return v;
}

// weights is what number k of a row is multiplied with, for four outputs.
fn weights(k: u32, quad: u32) -> vec4<f32> {
  if (k >= p.depth || quad >= p.quads) { return vec4<f32>(0.0); }
  let i = k * p.quads + quad;
  if (FORMAT == 0u) { return bitcast<vec4<f32>>(w[i]); }
  let halves = w_halves[i];
  if (FORMAT == 1u) { return vec4<f32>(unpack2x16float(halves.x), unpack2x16float(halves.y)); }
  return bitcast<vec4<f32>>(vec4<u32>(halves.x << 16u, halves.x & 0xffff0000u, halves.y << 16u, halves.y & 0xffff0000u));
}

// finish adds bias, activation and residual to four results of row m, from output o of this part of the matrix on, and stores
// them.
fn finish(m: u32, o: u32, sums: vec4<f32>) {
  let row = at(p.residual, m / p.rows, m % p.rows) + p.first;
  let stored = p.dst + m * p.across + p.first;
  let biased = sums + bitcast<vec4<f32>>(w[p.bias + o / 4u]);
  let four = vec4<f32>(activate(biased.x), activate(biased.y), activate(biased.z), activate(biased.w));
  for (var i: u32 = 0u; i < 4u; i = i + 1u) {
    if (o + i < p.width) {
      var y = four[i];
      if (p.add == 1u) { y = y + residual[row + o + i]; }
      dst[stored + o + i] = y;
    }
  }
}

@compute @workgroup_size(LANES_X, LANES_Y)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>,
        @builtin(local_invocation_index) me: u32) {
  let top = group.y * TALL;
  let left = group.x * WIDE;
  for (var i: u32 = me; i < TALL; i = i + LANES) { begins[i] = begin(min(top + i, p.count - 1u)); }
  var sums: array<vec4<f32>, SUMS>;
  for (var i: u32 = 0u; i < SUMS; i = i + 1u) { sums[i] = vec4<f32>(0.0); }
  for (var first: u32 = 0u; first < p.depth; first = first + 16u) {
    workgroupBarrier();
    for (var i: u32 = me; i < TALL * 4u; i = i + LANES) {
      let v = four(begins[i / 4u], first + i % 4u * 4u);
      xs[i / 4u * 5u + i % 4u] = vec4<f32>(rounded(v.x), rounded(v.y), rounded(v.z), rounded(v.w));
    }
    for (var i: u32 = me; i < WS; i = i + LANES) { ws[i] = weights(first + i / WIDE, left + i % WIDE); }
    workgroupBarrier();
    for (var k: u32 = 0u; k < 4u; k = k + 1u) {
      for (var c: u32 = 0u; c < QUADS; c = c + 1u) {
        let column = k * 4u * WIDE + c * LANES_X + lane.x;
        let b0 = ws[column];
        let b1 = ws[column + WIDE];
        let b2 = ws[column + 2u * WIDE];
        let b3 = ws[column + 3u * WIDE];
        for (var r: u32 = 0u; r < ROWS; r = r + 1u) {
          let a = xs[(r * LANES_Y + lane.y) * 5u + k];
          sums[c * ROWS + r] = sums[c * ROWS + r] + a.x * b0 + a.y * b1 + a.z * b2 + a.w * b3;
        }
      }
    }
  }
  for (var r: u32 = 0u; r < ROWS; r = r + 1u) {
    let m = top + r * LANES_Y + lane.y;
    for (var c: u32 = 0u; c < QUADS; c = c + 1u) {
      let quad = left + c * LANES_X + lane.x;
      if (m < p.count && quad < p.quads) { finish(m, quad * 4u, sums[c * ROWS + r]); }
    }
  }
}
