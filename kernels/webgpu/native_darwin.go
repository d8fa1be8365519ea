package webgpu

import _ "github.com/gogpu/wgpu/hal/metal" // see native.go
