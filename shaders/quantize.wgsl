// quantize rounds rows to whole numbers from -127 to 127, as kernels.QuantizeRow says.
//
//	for m := range items * rows {
//		scale := max(|x[m]|) / 127
//		for k := range depth {
//			dst[m][k] = round(x[m][k] / scale), four to a word, with zeros up to a multiple of 16
//		}
//		scales[m] = scale, behind all the words
//	}
//
// A workgroup of 64 invocations takes one row.

struct Params {
  x: vec4<u32>, // offset, stride between items, stride between rows
  count: u32,   // items * rows
  across: u32,  // workgroups along x of the grid
  rows: u32,    // of one item
  depth: u32,   // values of a row
  words: u32,   // of a row, a multiple of 4
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> dst: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;

var<workgroup> parts: array<u32, 64>;

// at is where row r of an item begins in a tensor of (offset, item stride, row stride).
fn at(tensor: vec4<u32>, item: u32, r: u32) -> u32 {
  return tensor.x + item * tensor.y + r * tensor.z;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
  let lane = local.x;
  let m = group.y * p.across + group.x;
  if (m >= p.count) { return; }
  let row = at(p.x, m / p.rows, m % p.rows);
  // Magnitudes are compared as whole numbers, among which a NaN is the largest.
  var most: u32 = 0u;
  for (var k: u32 = lane; k < p.depth; k = k + 64u) { most = max(most, bitcast<u32>(x[row + k]) & 0x7fffffffu); }
  parts[lane] = most;
  for (var span: u32 = 32u; span > 0u; span = span / 2u) {
    workgroupBarrier();
    if (lane < span) { parts[lane] = max(parts[lane], parts[lane + span]); }
  }
  workgroupBarrier();
  most = parts[0];
  let number = most < 0x7f800000u;
  // 127 / 3.8e-37 is the last float32 before infinity.
  var inverse: f32 = 0.0;
  let largest = bitcast<f32>(select(0u, most, number));
  if (largest > 3.8e-37) { inverse = 127.0 / largest; }
  for (var i: u32 = lane; i < p.words; i = i + 64u) {
    var word: u32 = 0u;
    for (var j: u32 = 0u; j < 4u; j = j + 1u) {
      let k = i * 4u + j;
      if (k < p.depth) { word = word | ((u32(i32(round(x[row + k] * inverse))) & 0xffu) << (8u * j)); }
    }
    dst[m * p.words + i] = word;
  }
  if (lane == 0u) {
    // A row with a NaN has that as its scale. An infinity passes as one, too: products of it are no numbers either way.
    dst[p.count * p.words + m] = select(0x7fc00000u, bitcast<u32>(largest / 127.0), number);
  }
}
