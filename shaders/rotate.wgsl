// rotate turns neighbours of every head by the angles of their row: rotary position embeddings.
//
//	for item, r, c := range dst {
//		k := c % head
//		if c is even {
//			dst[item][r][c] = x[item][r][c]*cos[item][r][k] - x[item][r][c+1]*sin[item][r][k]
//		} else {
//			dst[item][r][c] = x[item][r][c]*cos[item][r][k] + x[item][r][c-1]*sin[item][r][k]
//		}
//	}
//
// One invocation computes one value.

struct Params {
  x: vec4<u32>, // offset, stride between items, stride between rows
  cos: vec4<u32>,
  sin: vec4<u32>,
  dst: u32,     // offset
  count: u32,   // values of the result
  across: u32,  // invocations along x of the grid
  rows: u32,    // of one item
  width: u32,
  head: u32,    // width of one head
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> dst: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> cosines: array<f32>;
@group(0) @binding(4) var<storage, read> sines: array<f32>;

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
  let row = at(p.x, item, r);
  let k = c % p.head;
  let cosine = cosines[at(p.cos, item, r) + k];
  let sine = sines[at(p.sin, item, r) + k];
  if (c % 2u == 0u) {
    dst[p.dst + i] = x[row + c] * cosine - x[row + c + 1u] * sine;
  } else {
    dst[p.dst + i] = x[row + c] * cosine + x[row + c - 1u] * sine;
  }
}
