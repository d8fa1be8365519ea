// zip joins two values of the same shape; a stride of 0 repeats one of them.
//
//	for item, r, c := range dst {
//		dst[item][r][c] = x[item][r][c] + y[item][r][c] // or *
//	}
//
// One invocation computes one value.

struct Params {
  x: vec4<u32>, // offset, stride between items, stride between rows
  y: vec4<u32>,
  dst: u32,     // offset
  count: u32,   // values of the result
  across: u32,  // invocations along x of the grid
  rows: u32,    // of one item
  width: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> dst: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> y: array<f32>;

// The operation is one of kernels.Binary, put here as text before compiling.
const OP: u32 = 0u;

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
  let a = x[at(p.x, item, r) + c];
  let b = y[at(p.y, item, r) + c];
  if (OP == 1u) {
    dst[p.dst + i] = a * b;
  } else {
    dst[p.dst + i] = a + b;
  }
}
