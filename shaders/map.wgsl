// map applies an activation to every value. As the identity it lays rows of any strides out one after the other.
//
//	for item, r, c := range dst {
//		dst[item][r][c] = activate(x[item][r][c])
//	}
//
// One invocation computes one value.

struct Params {
  x: vec4<u32>, // offset, stride between items, stride between rows
  dst: u32,     // offset
  count: u32,   // values of the result
  across: u32,  // invocations along x of the grid
  rows: u32,    // of one item
  width: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> dst: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;

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

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.y * p.across + id.x;
  if (i >= p.count) { return; }
  let c = i % p.width;
  let r = i / p.width % p.rows;
  let item = i / (p.width * p.rows);
  dst[p.dst + i] = activate(x[at(p.x, item, r) + c]);
}
