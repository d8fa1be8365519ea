// product_int8 multiplies rows of whole numbers with a matrix of whole numbers, then adds bias, activation and residual.
//
//	for m := range items * rows {
//		for o := range width {
//			sum := 0
//			for k := range depth {
//				sum += x[m][k] * w[k][o] // numbers of 8 bits, a sum of 32
//			}
//			dst[m][first+o] = activate(sum * scale[m]*scale[o] + bias[o]) + residual[m][first+o]
//		}
//	}
//
// It goes as in product.wgsl, except that depth is counted in fours of numbers, one to a word: a step is 16 words long.

struct Params {
  residual: vec4<u32>, // offset, stride between items, stride between rows
  dst: u32,            // offset; the rows lie one after the other
  count: u32,          // items * rows
  rows: u32,           // of one item
  across: u32,         // values of a result's row
  first: u32,          // where in it this part of the matrix begins
  width: u32,          // outputs of this part
  quads: u32,          // fours of outputs in a row of w
  steps: u32,          // fours of words in a row of x
  bias: u32,           // where it begins in w
  scales: u32,         // where those of the outputs begin in w
  add: u32,            // 1 if there is a residual
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> dst: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<vec4<u32>>; // [count][steps] sixteens, then the scales of the rows
@group(0) @binding(3) var<storage, read> w: array<vec4<u32>>; // [steps * 4][quads] sixteens: fours of depth of four outputs
@group(0) @binding(4) var<storage, read> residual: array<f32>;

// What follows is put here as text before compiling; see product.wgsl.
const LANES_X: u32 = 16u;
const LANES_Y: u32 = 16u;
const ROWS: u32 = 4u;
const QUADS: u32 = 1u;
const LANES: u32 = 256u;
const TALL: u32 = 64u;
const WIDE: u32 = 16u;
const SUMS: u32 = 4u;
const XS: u32 = 320u;
const WS: u32 = 256u;

var<workgroup> xs: array<vec4<u32>, XS>; // [TALL][5]
var<workgroup> ws: array<vec4<u32>, WS>; // [16][WIDE]

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

// four is the sum of four products. It stands alone because the translation to Metal declares its pieces by the name of the
// argument, and may do so once in a function.
fn four(a: u32, b: u32) -> i32 {
  return dot4I8Packed(a, b);
}

// products adds four times four products to four sums.
fn products(sums: vec4<i32>, a: u32, b: vec4<u32>) -> vec4<i32> {
  return sums + vec4<i32>(four(a, b.x), four(a, b.y), four(a, b.z), four(a, b.w));
}

@compute @workgroup_size(LANES_X, LANES_Y)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>,
        @builtin(local_invocation_index) me: u32) {
  let top = group.y * TALL;
  let left = group.x * WIDE;
  var sums: array<vec4<i32>, SUMS>;
  for (var i: u32 = 0u; i < SUMS; i = i + 1u) { sums[i] = vec4<i32>(0); }
  for (var first: u32 = 0u; first < p.steps; first = first + 4u) {
    workgroupBarrier();
    for (var i: u32 = me; i < TALL * 4u; i = i + LANES) {
      let m = top + i / 4u;
      let step = first + i % 4u;
      var v: vec4<u32> = vec4<u32>(0u);
      if (m < p.count && step < p.steps) { v = x[m * p.steps + step]; }
      xs[i / 4u * 5u + i % 4u] = v;
    }
    for (var i: u32 = me; i < WS; i = i + LANES) {
      let word = first * 4u + i / WIDE;
      let quad = left + i % WIDE;
      var v: vec4<u32> = vec4<u32>(0u);
      if (word < p.steps * 4u && quad < p.quads) { v = w[word * p.quads + quad]; }
      ws[i] = v;
    }
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
          var s = sums[c * ROWS + r];
          s = products(s, a.x, b0);
          s = products(s, a.y, b1);
          s = products(s, a.z, b2);
          s = products(s, a.w, b3);
          sums[c * ROWS + r] = s;
        }
      }
    }
  }
  for (var r: u32 = 0u; r < ROWS; r = r + 1u) {
    let m = top + r * LANES_Y + lane.y;
    for (var c: u32 = 0u; c < QUADS; c = c + 1u) {
      let quad = left + c * LANES_X + lane.x;
      if (m < p.count && quad < p.quads) {
        let scale = bitcast<f32>(x[p.count * p.steps + m / 4u][m % 4u]);
        finish(m, quad * 4u, vec4<f32>(sums[c * ROWS + r]) * (scale * bitcast<vec4<f32>>(w[p.scales + quad])));
      }
    }
  }
}
