package zoo

import "encoding/json"

// What a configuration leaves out has the value that the original implementation's class gives it.

// layerNormEps is the epsilon of every LayerNorm, unless a configuration says another one: torch.nn.LayerNorm's.
const layerNormEps = 1e-5

// batchNormEps is the epsilon of every BatchNorm, unless a configuration says another one: torch.nn.BatchNorm2d's.
const batchNormEps = 1e-5

// defaultText is transformers' CLIPTextConfig.
func defaultText() hfText {
	return hfText{Vocabulary: 49408, Width: 512, Hidden: 2048, Projection: 512, Layers: 12, Heads: 8, Context: 77,
		Act: "quick_gelu", Eps: layerNormEps}
}

// defaultVision is transformers' CLIPVisionConfig.
func defaultVision() hfVision {
	return hfVision{Width: 768, Hidden: 3072, Projection: 512, Layers: 12, Heads: 12, Channels: 3, Image: 224, Patch: 32,
		Act: "quick_gelu", Eps: layerNormEps}
}

// defaultOpenCLIPVision is open_clip's CLIPVisionCfg.
func defaultOpenCLIPVision() openCLIPVision {
	linear := "linear"
	return openCLIPVision{openCLIPBlocks: openCLIPBlocks{Layers: json.RawMessage("12"), Width: 768, MLPRatio: 4},
		Image: json.RawMessage("224"), Patch: 16, HeadWidth: 64, Pool: "tok", PoolQueries: 256, PoolHeads: 8,
		TimmPool: "avg", TimmProjection: &linear}
}

// defaultOpenCLIPText is open_clip's CLIPTextCfg.
func defaultOpenCLIPText() openCLIPText {
	return openCLIPText{openCLIPBlocks: openCLIPBlocks{Layers: json.RawMessage("12"), Width: 512, MLPRatio: 4},
		Context: 77, Vocabulary: 49408, Heads: 8, Pool: "argmax", End: 2, ProjectionType: "linear",
		HuggingFacePooler: "mean_pooler", HuggingFaceProjection: "mlp"}
}

// defaultBERT is transformers' BertConfig, and so ChineseCLIPTextConfig but for its size, and AlignTextConfig.
func defaultBERT() hfBERT {
	return hfBERT{Vocabulary: 30522, Width: 768, Hidden: 3072, Layers: 12, Heads: 12, Positions: 512, Types: 2, Act: "gelu", Eps: 1e-12}
}

// defaultALIGNVision is transformers' AlignVisionConfig: EfficientNet-B7.
func defaultALIGNVision() alignVision {
	return alignVision{Channels: 3, Image: 600, Width: 2, Depth: 3.1, Divisor: 8, Kernels: []int{3, 3, 5, 3, 5, 5, 3},
		Widths: []int{16, 24, 40, 80, 112, 192, 320}, Strides: []int{1, 2, 2, 2, 1, 2, 1}, Repeats: []int{1, 2, 2, 3, 3, 4, 1},
		Expand: []int{1, 6, 6, 6, 6, 6, 6}, Squeeze: 0.25, Act: "swish", Pool: "mean", Eps: 1e-3}
}

// siglipEps is the epsilon of every LayerNorm of transformers' SigLIP.
const siglipEps = 1e-6

// defaultSigLIPText is transformers' SiglipTextConfig.
func defaultSigLIPText() hfText {
	return hfText{Vocabulary: 32000, Width: 768, Hidden: 3072, Layers: 12, Heads: 12, Context: 64, Act: "gelu_pytorch_tanh", Eps: siglipEps}
}

// defaultSigLIPVision is transformers' SiglipVisionConfig.
func defaultSigLIPVision() hfVision {
	return hfVision{Width: 768, Hidden: 3072, Layers: 12, Heads: 12, Channels: 3, Image: 224, Patch: 16, Act: "gelu_pytorch_tanh", Eps: siglipEps}
}
