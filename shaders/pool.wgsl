// pool is the mean over windows of a feature map; every window lies inside it.
//
//	for item, y, x, c := range dst {
//		sum := 0
//		for ky, kx := range kernel x kernel {
//			sum += map[item][y*stride+ky][x*stride+kx][c]
//		}
//		dst[item][y][x][c] = sum / (kernel * kernel)
//	}
//
// One invocation computes one value.

struct Params {
  x: vec4<u32>,    // offset, stride between items, stride between pixels
  dst: u32,        // offset
  count: u32,      // values of the result
  across: u32,     // invocations along x of the grid
  rows: u32,       // pixels of the result
  channels: u32,
  out_width: u32,  // of the result
  width: u32,      // of the map
  kernel: u32,
  stride: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> dst: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;

// at is where row r of an item begins in a tensor of (offset, item stride, row stride).
fn at(tensor: vec4<u32>, item: u32, r: u32) -> u32 {
  return tensor.x + item * tensor.y + r * tensor.z;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.y * p.across + id.x;
  if (i >= p.count) { return; }
  let c = i % p.channels;
  let r = i / p.channels % p.rows;
  let item = i / (p.channels * p.rows);
  let top = r / p.out_width * p.stride;
  let left = r % p.out_width * p.stride;
  var sum: f32 = 0.0;
  for (var ky: u32 = 0u; ky < p.kernel; ky = ky + 1u) {
    for (var kx: u32 = 0u; kx < p.kernel; kx = kx + 1u) {
      sum = sum + x[at(p.x, item, (top + ky) * p.width + left + kx) + c];
    }
  }
  dst[p.dst + i] = sum / f32(p.kernel * p.kernel);
}
