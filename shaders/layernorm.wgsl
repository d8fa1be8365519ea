// layernorm normalises rows and applies gain and bias.
//
//	for m := range items * rows {
//		mean := Σ x[m] / width
//		variance := Σ (x[m] - mean)² / width
//		for c := range width {
//			dst[m][c] = (x[m][c] - mean) / √(variance + eps) * gain[c] + bias[c]
//		}
//	}
//
// A workgroup normalises one row. It reads the row once for each sum: the variance from squares alone loses all digits
// of a row that is far from zero.

struct Params {
  x: vec4<u32>, // offset, stride between items, stride between rows
  dst: u32,     // offset
  count: u32,   // items * rows
  across: u32,  // workgroups along x of the grid
  rows: u32,    // of one item
  width: u32,
  eps: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> dst: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> w: array<f32>; // gain, then bias

// at is where row r of an item begins in a tensor of (offset, item stride, row stride).
fn at(tensor: vec4<u32>, item: u32, r: u32) -> u32 {
  return tensor.x + item * tensor.y + r * tensor.z;
}

var<workgroup> parts: array<f32, 64>;

// total adds up the values of all 64 invocations.
fn total(lane: u32, value: f32) -> f32 {
  workgroupBarrier(); // the parts of an earlier sum have been read
  parts[lane] = value;
  for (var span: u32 = 32u; span > 0u; span = span / 2u) {
    workgroupBarrier();
    if (lane < span) { parts[lane] = parts[lane] + parts[lane + span]; }
  }
  workgroupBarrier();
  return parts[0];
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
  let lane = local.x;
  let m = group.y * p.across + group.x;
  if (m >= p.count) { return; }
  let row = at(p.x, m / p.rows, m % p.rows);
  var sum: f32 = 0.0;
  for (var c: u32 = lane; c < p.width; c = c + 64u) { sum = sum + x[row + c]; }
  let mean = total(lane, sum) / f32(p.width);
  sum = 0.0;
  for (var c: u32 = lane; c < p.width; c = c + 64u) {
    let d = x[row + c] - mean;
    sum = sum + d * d;
  }
  let scale = 1.0 / sqrt(total(lane, sum) / f32(p.width) + p.eps);
  for (var c: u32 = lane; c < p.width; c = c + 64u) {
    dst[p.dst + m * p.width + c] = (x[row + c] - mean) * scale * w[c] + w[p.width + c];
  }
}
