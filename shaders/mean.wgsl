// mean is the mean of an item's rows.
//
//	for item, c := range dst {
//		n := rows, or lengths[item]
//		sum := 0
//		for r := range n {
//			sum += x[item][r][c]
//		}
//		dst[item][c] = sum / n
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
  limited: u32, // 1: lengths say how many rows of an item count
  lengths: u32, // offset into the numbers
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> dst: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> numbers: array<u32>;

// at is where row r of an item begins in a tensor of (offset, item stride, row stride).
fn at(tensor: vec4<u32>, item: u32, r: u32) -> u32 {
  return tensor.x + item * tensor.y + r * tensor.z;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.y * p.across + id.x;
  if (i >= p.count) { return; }
  let c = i % p.width;
  let item = i / p.width;
  var n = p.rows;
  if (p.limited == 1u) { n = numbers[p.lengths + item]; }
  var sum: f32 = 0.0;
  for (var r: u32 = 0u; r < n; r = r + 1u) { sum = sum + x[at(p.x, item, r) + c]; }
  dst[p.dst + i] = sum / f32(n);
}
