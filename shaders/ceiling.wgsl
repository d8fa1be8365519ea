// ceiling multiplies and adds numbers in registers, to learn how fast the GPU does nothing else.
//
//	for i := range count {
//		sums := i
//		for round := range rounds {
//			sums = sums * factor + 1 // thirty-two chains that wait for nothing but themselves, twice each
//		}
//		dst[i] = sums
//	}

struct Params {
  count: u32,  // invocations
  across: u32, // along x of the grid
  rounds: u32,
  factor: f32, // below 1, so that the sums stay small
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> dst: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.y * p.across + id.x;
  if (i >= p.count) { return; }
  let f = vec4<f32>(p.factor);
  let one = vec4<f32>(1.0);
  var a = vec4<f32>(f32(i));
  var b = a + one;
  var c = b + one;
  var d = c + one;
  var e = d + one;
  var g = e + one;
  var h = g + one;
  var j = h + one;
  for (var round: u32 = 0u; round < p.rounds; round = round + 1u) {
    a = fma(a, f, one);
    b = fma(b, f, one);
    c = fma(c, f, one);
    d = fma(d, f, one);
    e = fma(e, f, one);
    g = fma(g, f, one);
    h = fma(h, f, one);
    j = fma(j, f, one);
    a = fma(a, f, one);
    b = fma(b, f, one);
    c = fma(c, f, one);
    d = fma(d, f, one);
    e = fma(e, f, one);
    g = fma(g, f, one);
    h = fma(h, f, one);
    j = fma(j, f, one);
  }
  let sums = a + b + c + d + e + g + h + j;
  dst[i] = sums.x + sums.y + sums.z + sums.w;
}
