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
// A workgroup of 16 x 16 invocations computes a tile of 64 x 64 results and walks along depth in steps of 16: together
// they bring that much of 64 rows of x and of w into shared memory, from where each takes what it needs for 4 x 4
// results, which lie 16 rows and 16 outputs apart.

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

// [16 k][65]: 64 rows, or outputs, and a gap, so that writing a column meets different banks.
var<workgroup> xs: array<f32, 1040>;
var<workgroup> ws: array<f32, 1040>;

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

// finish stores four results of row m that lie 16 outputs apart.
fn finish(m: u32, first: u32, sums: vec4<f32>) {
  if (m >= p.count) { return; }
  let residual_row = at(p.residual, m / p.rows, m % p.rows);
  var rest = sums;
  for (var o: u32 = first; o < min(first + 64u, p.width); o = o + 16u) {
    var y = activate(rest.x + w[p.width * p.depth + o]);
    if (p.add == 1u) { y = y + residual[residual_row + o]; }
    dst[p.dst + m * p.width + o] = y;
    rest = rest.yzwx;
  }
}

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
  // This invocation brings 4 values of a row of x and of a row of w: k from 4 * lane.x % 16 on.
  let row = lane.y * 4u + lane.x / 4u;
  let m = group.y * 64u + row;
  let o = group.x * 64u + row;
  let x_row = at(p.x, m / p.rows, m % p.rows);
  let w_row = o * p.depth;
  var s0 = vec4<f32>(0.0);
  var s1 = vec4<f32>(0.0);
  var s2 = vec4<f32>(0.0);
  var s3 = vec4<f32>(0.0);
  for (var first: u32 = 0u; first < p.depth; first = first + 16u) {
    for (var i: u32 = lane.x % 4u * 4u; i < lane.x % 4u * 4u + 4u; i = i + 1u) {
      let k = first + i;
      var a: f32 = 0.0;
      if (m < p.count && k < p.depth) { a = x[x_row + k]; }
      var b: f32 = 0.0;
      if (o < p.width && k < p.depth) { b = w[w_row + k]; }
      xs[i * 65u + row] = a;
      ws[i * 65u + row] = b;
    }
    workgroupBarrier();
    for (var i: u32 = 0u; i < 16u; i = i + 1u) {
      let b = i * 65u + lane.x;
      let four = vec4<f32>(ws[b], ws[b + 16u], ws[b + 32u], ws[b + 48u]);
      let a = i * 65u + lane.y;
      s0 = s0 + xs[a] * four;
      s1 = s1 + xs[a + 16u] * four;
      s2 = s2 + xs[a + 32u] * four;
      s3 = s3 + xs[a + 48u] * four;
    }
    workgroupBarrier();
  }
  let top = group.y * 64u + lane.y;
  let left = group.x * 64u + lane.x;
  finish(top, left, s0);
  finish(top + 16u, left, s1);
  finish(top + 32u, left, s2);
  finish(top + 48u, left, s3);
}
