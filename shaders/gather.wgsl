// gather picks rows of every item.
//
//	for item, r, c := range dst {
//		dst[item][r][c] = x[item][row[item][r]][c]
//	}
//
// One invocation copies one value.

struct Params {
  x: vec4<u32>, // offset, stride between items, stride between rows
  dst: u32,     // offset
  count: u32,   // values of the result
  across: u32,  // invocations along x of the grid
  rows: u32,    // of one item of the result
  width: u32,
  row: u32,     // offset into the numbers
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
  let row = i / p.width; // counted over all items
  dst[p.dst + i] = x[at(p.x, row / p.rows, numbers[p.row + row]) + c];
}
