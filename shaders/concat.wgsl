// concat puts the rows of y behind those of x, item by item.
//
//	for item, r, c := range dst {
//		if r < first {
//			dst[item][r][c] = x[item][r][c]
//		} else {
//			dst[item][r][c] = y[item][r-first][c]
//		}
//	}
//
// One invocation copies one value.

struct Params {
  x: vec4<u32>, // offset, stride between items, stride between rows
  y: vec4<u32>,
  dst: u32,     // offset
  count: u32,   // values of the result
  across: u32,  // invocations along x of the grid
  rows: u32,    // of one item
  width: u32,
  first: u32,   // rows of x
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> dst: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> y: array<f32>;

// at is where row r of an item begins in a tensor of (offset, item stride, row stride).
fn at(tensor: vec4<u32>, item: u32, r: u32) -> u32 {
  return tensor.x + item * tensor.y + r * tensor.z;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.y * p.across + id.x;
  if (i >= p.count) { return; }
  let c = i % p.width;
  let r = i / p.width % p.rows;
  let item = i / (p.width * p.rows);
  if (r < p.first) {
    dst[p.dst + i] = x[at(p.x, item, r) + c];
  } else {
    dst[p.dst + i] = y[at(p.y, item, r - p.first) + c];
  }
}
