// attention is softmax(q·kᵀ·scale)·v, for every item and head.
//
//	for item, i, h := range items x queries x heads {
//		seen := keys, or lengths[item], or lengths[item][i]; min(seen, i + keys - queries + 1) if causal
//		top, sum := max and Σ e^(score-top) over the scores of the first seen keys
//		for d := range head {
//			dst[item][i][h*head+d] = Σ e^(score[j]-top) * v[item][j][h*head+d] / sum, 0 if seen is 0
//		}
//	}
//
// A workgroup computes one head of one query. Its 64 invocations first share out the keys for top and sum, then the
// values of the head, computing the scores of 64 keys at a time anew: no length of keys or head is too long for that.

struct Params {
  q: vec4<u32>,   // offset, stride between items, stride between rows
  k: vec4<u32>,
  v: vec4<u32>,
  dst: u32,       // offset
  count: u32,     // items * queries * heads
  across: u32,    // workgroups along x of the grid
  queries: u32,
  keys: u32,
  heads: u32,
  head: u32,      // width of one head
  causal: u32,    // 1: query i of n sees keys 0 … i + m - n of m
  limited: u32,   // 1: lengths say how many keys count
  lengths: u32,   // offset into the numbers
  length_item: u32, // stride between the lengths of items
  length_row: u32,  // and of queries; 0: one length serves all
  scale: f32,     // 1/√head
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> dst: array<f32>;
@group(0) @binding(2) var<storage, read> q: array<f32>;
@group(0) @binding(3) var<storage, read> k: array<f32>;
@group(0) @binding(4) var<storage, read> v: array<f32>;
@group(0) @binding(5) var<storage, read> numbers: array<u32>;

var<workgroup> parts: array<f32, 64>;

// at is where row r of an item begins in a tensor of (offset, item stride, row stride).
fn at(tensor: vec4<u32>, item: u32, r: u32) -> u32 {
  return tensor.x + item * tensor.y + r * tensor.z;
}

fn score(query: u32, key: u32) -> f32 {
  var sum: f32 = 0.0;
  for (var d: u32 = 0u; d < p.head; d = d + 1u) { sum = sum + q[query + d] * k[key + d]; }
  return sum * p.scale;
}

// weigh is e^x for x of 0 or less; far below, where float32 ends, it stays a tiny positive number.
fn weigh(x: f32) -> f32 {
  return exp(max(x, -80.0));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
  let lane = local.x;
  let i = group.y * p.across + group.x;
  if (i >= p.count) { return; }
  let column = i % p.heads * p.head;
  let row = i / p.heads % p.queries;
  let item = i / (p.heads * p.queries);
  let query = at(p.q, item, row) + column;
  var seen = p.keys;
  if (p.limited == 1u) { seen = numbers[p.lengths + item * p.length_item + row * p.length_row]; }
  if (p.causal == 1u) { seen = min(seen, row + p.keys - p.queries + 1u); }

  // The greatest score, and the sum of weights relative to it, of this invocation's keys.
  var top: f32 = -3.0e38;
  var sum: f32 = 0.0;
  for (var j: u32 = lane; j < seen; j = j + 64u) {
    let s = score(query, at(p.k, item, j) + column);
    let higher = max(top, s);
    sum = sum * weigh(top - higher) + weigh(s - higher);
    top = higher;
  }
  // Both of all invocations.
  parts[lane] = top;
  for (var span: u32 = 32u; span > 0u; span = span / 2u) {
    workgroupBarrier();
    if (lane < span) { parts[lane] = max(parts[lane], parts[lane + span]); }
  }
  workgroupBarrier();
  let highest = parts[0];
  workgroupBarrier();
  parts[lane] = sum * weigh(top - highest);
  for (var span: u32 = 32u; span > 0u; span = span / 2u) {
    workgroupBarrier();
    if (lane < span) { parts[lane] = parts[lane] + parts[lane + span]; }
  }
  workgroupBarrier();
  let total = parts[0];

  for (var first: u32 = 0u; first < p.head; first = first + 64u) {
    let d = first + lane;
    var value: f32 = 0.0;
    for (var key: u32 = 0u; key < seen; key = key + 64u) {
      workgroupBarrier();
      if (key + lane < seen) { parts[lane] = weigh(score(query, at(p.k, item, key + lane) + column) - highest); }
      workgroupBarrier();
      if (d < p.head) {
        for (var j: u32 = 0u; j < min(64u, seen - key); j = j + 1u) {
          value = value + parts[j] * v[at(p.v, item, key + j) + column + d];
        }
      }
    }
    if (d < p.head) {
      if (seen > 0u) { value = value / total; }
      dst[p.dst + (item * p.queries + row) * p.heads * p.head + column + d] = value;
    }
  }
}
