// grouped slides filters that see some of the channels each over feature maps, then adds bias, activation and residual.
//
//	for item, y, x, o := range dst {
//		sum := 0
//		for ky, kx := range kernel x kernel {
//			if (y*stride + ky - top, x*stride + kx - left) lies on the map {
//				for c := range channels { // of o's group
//					sum += map[item][y*stride+ky-top][x*stride+kx-left][first+c] * w[o][ky][kx][c]
//				}
//			}
//		}
//		dst[item][y][x][o] = activate(sum + bias[o]) + residual[item][y][x][o]
//	}
//
// One invocation computes one result.

struct Params {
  x: vec4<u32>,        // offset, stride between items, stride between pixels
  residual: vec4<u32>, // offset, stride between items, stride between rows
  dst: u32,            // offset
  count: u32,          // results
  across: u32,         // invocations along x of the grid
  add: u32,            // 1 if there is a residual
  height: u32,         // of the map
  width: u32,
  out_height: u32,     // of the result
  out_width: u32,
  outputs: u32,        // channels of the result
  channels: u32,       // of one group
  per_group: u32,      // outputs of one group
  kernel: u32,
  stride: u32,
  top: u32,            // zero rows before the map
  left: u32,           // zero columns before the map
  pitch: u32,          // values of w for one place of the filter and channel: outputs, and a rest up to a multiple of 4
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> dst: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> w: array<f32>; // [kernel, kernel, channels, pitch], then the bias
@group(0) @binding(4) var<storage, read> residual: array<f32>;

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
  let o = i % p.outputs;
  let row = i / p.outputs % (p.out_height * p.out_width);
  let item = i / (p.outputs * p.out_height * p.out_width);
  let y = row / p.out_width * p.stride;
  let left = row % p.out_width * p.stride;
  let first = o / p.per_group * p.channels;
  var sum: f32 = 0.0;
  for (var ky: u32 = 0u; ky < p.kernel; ky = ky + 1u) {
    // Rows and columns before the map wrap round to large numbers, so that one comparison sees both ends.
    let map_y = y + ky - p.top;
    if (map_y >= p.height) { continue; }
    for (var kx: u32 = 0u; kx < p.kernel; kx = kx + 1u) {
      let map_x = left + kx - p.left;
      if (map_x >= p.width) { continue; }
      let pixel = at(p.x, item, map_y * p.width + map_x) + first;
      let place = (ky * p.kernel + kx) * p.channels;
      for (var c: u32 = 0u; c < p.channels; c = c + 1u) {
        sum = sum + x[pixel + c] * w[(place + c) * p.pitch + o];
      }
    }
  }
  var value = activate(sum + w[p.kernel * p.kernel * p.channels * p.pitch + o]);
  if (p.add == 1u) { value = value + residual[at(p.residual, item, row) + o]; }
  dst[p.dst + i] = value;
}
