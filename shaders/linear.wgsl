// linear multiplies rows with a matrix, then adds bias, activation and residual.
//
//	for m := range items * rows {
//		for o := range width {
//			sum := 0
//			for k := range depth {
//				sum += x[m][k] * w[o][k]
//			}
//			dst[m][o] = activate(sum + bias[o]) + residual[m][o]
//		}
//	}
//
// A workgroup computes a tile of 16 x 16 results and walks along depth in steps of 16: each of its invocations brings one
// value of x and one of w into shared memory, where all see them.

struct Params {
  x: vec4<u32>,        // offset, stride between items, stride between rows
  residual: vec4<u32>, // the same
  dst: u32,            // offset; the rows lie one after the other
  count: u32,          // items * rows
  rows: u32,           // of one item
  width: u32,          // of a result's row
  depth: u32,          // of a row of x
  add: u32,            // 1 if there is a residual
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> dst: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> w: array<f32>; // [width, depth], then the bias
@group(0) @binding(4) var<storage, read> residual: array<f32>;

var<workgroup> xs: array<f32, 256>; // [16 rows][16 k]
var<workgroup> ws: array<f32, 272>; // [16 outputs][17]: 16 k and a gap, so that a column's reads meet different banks

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

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
  let m = group.y * 16u + lane.y;
  let o = group.x * 16u + lane.x;
  let x_row = at(p.x, m / p.rows, m % p.rows);
  let w_row = group.x * 16u + lane.y; // the row of w of which this invocation brings a value
  var sum: f32 = 0.0;
  for (var first: u32 = 0u; first < p.depth; first = first + 16u) {
    let k = first + lane.x;
    var a: f32 = 0.0;
    if (m < p.count && k < p.depth) { a = x[x_row + k]; }
    var b: f32 = 0.0;
    if (w_row < p.width && k < p.depth) { b = w[w_row * p.depth + k]; }
    xs[lane.y * 16u + lane.x] = a;
    ws[lane.y * 17u + lane.x] = b;
    workgroupBarrier();
    for (var i: u32 = 0u; i < 16u; i = i + 1u) {
      sum = sum + xs[lane.y * 16u + i] * ws[lane.x * 17u + i];
    }
    workgroupBarrier();
  }
  if (m >= p.count || o >= p.width) { return; }
  var y = activate(sum + w[p.width * p.depth + o]);
  if (p.add == 1u) { y = y + residual[at(p.residual, m / p.rows, m % p.rows) + o]; }
  dst[p.dst + m * p.width + o] = y;
}
