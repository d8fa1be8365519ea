package preprocess

// openCLIPFile is the part of open_clip_config.json that concerns pictures.
type openCLIPFile struct {
	Model struct {
		Vision struct {
			ImageSize sides `json:"image_size"`
		} `json:"vision_cfg"`
	} `json:"model_cfg"`
	Preprocess struct {
		Size          sides    `json:"size"`
		Mode          *string  `json:"mode"`
		Mean          channels `json:"mean"`
		Std           channels `json:"std"`
		Interpolation *string  `json:"interpolation"`
		ResizeMode    *string  `json:"resize_mode"`
		FillColor     *number  `json:"fill_color"`
	} `json:"preprocess_cfg"`
}

// OpenCLIP reads open_clip_config.json: its preprocess_cfg, with open_clip's defaults for what is missing. As in
// open_clip the size is the image tower's, model_cfg.vision_cfg.image_size, and preprocess_cfg.size counts only without that.
// Errors wrap ErrConfig.
func OpenCLIP(data []byte) (Config, error) {
	var file openCLIPFile
	if err := parse("open_clip_config.json", data, &file); err != nil {
		return Config{}, err
	}
	f := file.Preprocess
	size := file.Model.Vision.ImageSize
	if !size.set {
		size = f.Size
	}
	if !size.set {
		size = sides{one: 224}
	}
	if size.one != 0 {
		size.height, size.width = size.one, size.one
	}
	if mode := or(f.Mode, "RGB"); mode != "RGB" {
		return Config{}, badConfig("open_clip_config.json: mode %q; only RGB is known", mode)
	}
	c := Config{
		Height: size.height, Width: size.width, Filter: Bicubic,
		Crop: RoundEven, CropHeight: size.height, CropWidth: size.width,
		Scale: 1.0 / 255, Mean: f.Mean.or(openAIMean), Std: f.Std.or(openAIStd), Divide: ones,
	}
	switch name := or(f.Interpolation, "bicubic"); name {
	case "bicubic", "random": // random is for training
	case "bilinear":
		c.Filter = Bilinear
	default:
		return Config{}, badConfig("open_clip_config.json: interpolation %q; bicubic and bilinear are known", name)
	}
	switch name := or(f.ResizeMode, "shortest"); name {
	case "shortest":
		c.Resize = Shortest
		if c.Height != c.Width {
			c.Resize, c.Filter = Cover, Bicubic // open_clip forgets the interpolation here
		}
	case "longest":
		c.Resize = Contain
		fill := or(f.FillColor, 0)
		if fill < 0 || fill > 255 {
			return Config{}, badConfig("open_clip_config.json: fill_color %d; 0 to 255 are possible", fill)
		}
		c.Fill = byte(fill)
	case "squash":
		c.Resize, c.Crop, c.CropHeight, c.CropWidth = Exact, NoCrop, 0, 0
	default:
		return Config{}, badConfig("open_clip_config.json: resize_mode %q; shortest, longest and squash are known", name)
	}
	return c, c.Validate()
}
