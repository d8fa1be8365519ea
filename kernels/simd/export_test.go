package simd

// Tests let more threads run than most machines have cores, so that workers meet in every order.
func init() {
	cores = make(chan struct{}, 5)
	helpers.wake = make(chan *crew, 5)
}
