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
// A workgroup of 64 invocations computes one head of QUERIES queries, SHARE invocations to each, and walks along the keys in
// steps of KEYS: scores are never written to memory. Whenever a step brings a greater score, what was summed up before fades
// accordingly (online softmax: Milakov and Gimelshein 2018, https://arxiv.org/abs/1805.02867).

struct Params {
  q: vec4<u32>,   // offset, stride between items, stride between rows
  k: vec4<u32>,
  v: vec4<u32>,
  dst: u32,       // offset
  count: u32,     // items * blocks of queries * heads
  across: u32,    // workgroups along x of the grid
  queries: u32,
  blocks: u32,    // of QUERIES queries each
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

// What follows is put here as text before compiling.
const QUERIES: u32 = 16u; // of a workgroup
const SHARE: u32 = 4u;    // 64 / QUERIES
const KEYS: u32 = 32u;    // of a step
const PITCH: u32 = 17u;   // fours of a head, and a gap, so that neighbours meet different banks
const QS: u32 = 272u;     // QUERIES * PITCH
const TS: u32 = 544u;     // KEYS * PITCH
const PS: u32 = 512u;     // QUERIES * KEYS
const SUMS: u32 = 4u;     // fours of a head for one invocation: (PITCH - 1) / SHARE, rounded up

var<workgroup> qs: array<vec4<f32>, QS>;
var<workgroup> step: array<vec4<f32>, TS>; // keys, then values
var<workgroup> parts: array<f32, PS>;      // scores, then their weights

const NOTHING: f32 = -3.0e38;

// at is where row r of an item begins in a tensor of (offset, item stride, row stride).
fn at(tensor: vec4<u32>, item: u32, r: u32) -> u32 {
  return tensor.x + item * tensor.y + r * tensor.z;
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
  let first_row = i / p.heads % p.blocks * QUERIES;
  let item = i / (p.heads * p.blocks);
  let mine = lane / SHARE;
  let row = min(first_row + mine, p.queries - 1u);
  var seen = p.keys;
  if (p.limited == 1u) { seen = numbers[p.lengths + item * p.length_item + row * p.length_row]; }
  if (p.causal == 1u) { seen = min(seen, row + p.keys - p.queries + 1u); }
  // No query of the block sees more keys; all invocations must go through the steps together.
  var last = p.keys;
  if (p.causal == 1u) { last = min(last, min(first_row + QUERIES, p.queries) + p.keys - p.queries); }

  for (var n: u32 = lane; n < QS; n = n + 64u) {
    let d = n % PITCH * 4u;
    let place = at(p.q, item, min(first_row + n / PITCH, p.queries - 1u)) + column + d;
    var four: vec4<f32> = vec4<f32>(0.0);
    if (d < p.head) { four.x = q[place]; }
    if (d + 1u < p.head) { four.y = q[place + 1u]; }
    if (d + 2u < p.head) { four.z = q[place + 2u]; }
    if (d + 3u < p.head) { four.w = q[place + 3u]; }
    qs[n] = four * p.scale;
  }
  var top: f32 = NOTHING;
  var sum: f32 = 0.0;
  var sums: array<vec4<f32>, SUMS>;
  for (var c: u32 = 0u; c < SUMS; c = c + 1u) { sums[c] = vec4<f32>(0.0); }
  for (var first: u32 = 0u; first < last; first = first + KEYS) {
    workgroupBarrier();
    for (var n: u32 = lane; n < TS; n = n + 64u) {
      let d = n % PITCH * 4u;
      let place = at(p.k, item, min(first + n / PITCH, p.keys - 1u)) + column + d;
      var four: vec4<f32> = vec4<f32>(0.0);
      if (d < p.head) { four.x = k[place]; }
      if (d + 1u < p.head) { four.y = k[place + 1u]; }
      if (d + 2u < p.head) { four.z = k[place + 2u]; }
      if (d + 3u < p.head) { four.w = k[place + 3u]; }
      step[n] = four;
    }
    workgroupBarrier();
    for (var j: u32 = lane % SHARE; j < KEYS; j = j + SHARE) {
      var score: f32 = NOTHING;
      if (first + j < seen) {
        score = 0.0;
        for (var c: u32 = 0u; c < PITCH - 1u; c = c + 1u) { score = score + dot(qs[mine * PITCH + c], step[j * PITCH + c]); }
      }
      parts[mine * KEYS + j] = score;
    }
    workgroupBarrier();
    var higher = top;
    for (var j: u32 = 0u; j < KEYS; j = j + 1u) { higher = max(higher, parts[mine * KEYS + j]); }
    let fade = weigh(top - higher);
    top = higher;
    sum = sum * fade;
    for (var c: u32 = 0u; c < SUMS; c = c + 1u) { sums[c] = sums[c] * fade; }
    workgroupBarrier();
    for (var j: u32 = lane % SHARE; j < KEYS; j = j + SHARE) {
      var weight: f32 = 0.0;
      if (first + j < seen) { weight = weigh(parts[mine * KEYS + j] - top); }
      parts[mine * KEYS + j] = weight;
    }
    for (var n: u32 = lane; n < TS; n = n + 64u) {
      let d = n % PITCH * 4u;
      let place = at(p.v, item, min(first + n / PITCH, p.keys - 1u)) + column + d;
      var four: vec4<f32> = vec4<f32>(0.0);
      if (d < p.head) { four.x = v[place]; }
      if (d + 1u < p.head) { four.y = v[place + 1u]; }
      if (d + 2u < p.head) { four.z = v[place + 2u]; }
      if (d + 3u < p.head) { four.w = v[place + 3u]; }
      step[n] = four;
    }
    workgroupBarrier();
    for (var j: u32 = 0u; j < min(KEYS, last - first); j = j + 1u) {
      let weight = parts[mine * KEYS + j];
      sum = sum + weight;
      for (var c: u32 = 0u; c < SUMS; c = c + 1u) {
        let quad = lane % SHARE + c * SHARE;
        if (quad < PITCH - 1u) { sums[c] = sums[c] + weight * step[j * PITCH + quad]; }
      }
    }
  }
  if (first_row + mine >= p.queries) { return; }
  let stored = p.dst + (item * p.queries + row) * p.heads * p.head + column;
  for (var c: u32 = 0u; c < SUMS; c = c + 1u) {
    var four = sums[c];
    if (sum > 0.0) { four = four / sum; }
    for (var n: u32 = 0u; n < 4u; n = n + 1u) {
      let d = (lane % SHARE + c * SHARE) * 4u + n;
      if (d < p.head) { dst[stored + d] = four[n]; }
    }
  }
}
