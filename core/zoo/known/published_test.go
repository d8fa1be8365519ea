package known

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// published are millions of parameters as open_clip's model_profile.csv has them and, for MobileCLIP, Apple's tables: image and
// text tower together, without the branches of training.
var published = map[string]string{
	"RN50-quickgelu":                "102.01",
	"RN101-quickgelu":               "119.69",
	"RN50x4-quickgelu":              "178.3",
	"RN50x16-quickgelu":             "290.98",
	"RN50x64-quickgelu":             "623.26",
	"ViT-B-32-quickgelu":            "151.28",
	"ViT-B-32":                      "151.28",
	"ViT-B-32-256":                  "151.29",
	"ViT-B-16-quickgelu":            "149.62",
	"ViT-B-16":                      "149.62",
	"ViT-B-16-plus-240":             "208.38",
	"ViT-L-14-quickgelu":            "427.62",
	"ViT-L-14":                      "427.62",
	"ViT-L-14-336-quickgelu":        "427.94",
	"ViT-H-14":                      "986.11",
	"ViT-H-14-quickgelu":            "986.11",
	"ViT-H-14-378-quickgelu":        "986.71",
	"ViT-g-14":                      "1366.68",
	"ViT-bigG-14":                   "2539.57",
	"ViT-bigG-14-quickgelu":         "2539.57",
	"roberta-ViT-B-32":              "212.72",
	"xlm-roberta-base-ViT-B-32":     "366.12",
	"xlm-roberta-large-ViT-H-14":    "1193.01",
	"convnext_base":                 "151.52",
	"convnext_base_w":               "179.39",
	"convnext_base_w_320":           "179.39",
	"convnext_large_d":              "351.77",
	"convnext_large_d_320":          "351.77",
	"convnext_xxlarge":              "1200.58",
	"coca_ViT-B-32":                 "253.56",
	"coca_ViT-L-14":                 "638.45",
	"EVA01-g-14":                    "1136.44",
	"EVA01-g-14-plus":               "1366.62",
	"EVA02-B-16":                    "149.69",
	"EVA02-L-14":                    "427.76",
	"EVA02-L-14-336":                "428.08",
	"EVA02-E-14":                    "4704.59",
	"EVA02-E-14-plus":               "5044.89",
	"ViT-B-16-SigLIP":               "203.16",
	"ViT-B-16-SigLIP-256":           "203.2",
	"ViT-B-16-SigLIP-i18n-256":      "370.63",
	"ViT-B-16-SigLIP-384":           "203.45",
	"ViT-B-16-SigLIP-512":           "203.79",
	"ViT-L-16-SigLIP-256":           "652.15",
	"ViT-L-16-SigLIP-384":           "652.48",
	"ViT-SO400M-14-SigLIP":          "877.36",
	"ViT-SO400M-16-SigLIP-i18n-256": "1127.43",
	"ViT-SO400M-14-SigLIP-384":      "877.96",
	"ViT-B-32-SigLIP2-256":          "376.86",
	"ViT-B-16-SigLIP2":              "375.19",
	"ViT-B-16-SigLIP2-256":          "375.23",
	"ViT-B-16-SigLIP2-384":          "375.48",
	"ViT-B-16-SigLIP2-512":          "375.82",
	"ViT-L-16-SigLIP2-256":          "881.53",
	"ViT-L-16-SigLIP2-384":          "881.85",
	"ViT-L-16-SigLIP2-512":          "882.31",
	"ViT-SO400M-14-SigLIP2":         "1135.46",
	"ViT-SO400M-14-SigLIP2-378":     "1136.01",
	"ViT-SO400M-16-SigLIP2-256":     "1135.67",
	"ViT-SO400M-16-SigLIP2-384":     "1136.04",
	"ViT-SO400M-16-SigLIP2-512":     "1136.56",
	"ViT-gopt-16-SigLIP2-256":       "1871.39",
	"ViT-gopt-16-SigLIP2-384":       "1871.89",
	"ViT-L-14-CLIPA":                "414.21",
	"ViT-L-14-CLIPA-336":            "414.54",
	"ViT-H-14-CLIPA":                "968.24",
	"ViT-H-14-CLIPA-336":            "968.64",
	"ViT-bigG-14-CLIPA":             "2517.22",
	"ViT-bigG-14-CLIPA-336":         "2517.76",
	"nllb-clip-base":                "501.89",
	"nllb-clip-large":               "1399.22",
	"nllb-clip-base-siglip":         "507.47",
	"nllb-clip-large-siglip":        "1195.5",
	"ViT-H-14-worldwide-quickgelu":  "1858.78",
	"ViT-H-14-worldwide-378":        "1859.39",
	"ViT-bigG-14-worldwide":         "3630.41",
	"ViT-bigG-14-worldwide-378":     "3631.20",
	"MobileCLIP-S1":                 "84.9",
	"MobileCLIP-S2":                 "99.1",
	"MobileCLIP2-S0":                "74.8",
	"MobileCLIP2-S2":                "99.1",
	"MobileCLIP2-S3":                "248.7",
	"MobileCLIP2-S4":                "445.2",
}

func TestPublishedMillions(t *testing.T) {
	for name, text := range published {
		a, err := FindArchitecture(name)
		require.NoError(t, err)
		millions, err := strconv.ParseFloat(text, 64)
		require.NoError(t, err)
		_, digits, _ := strings.Cut(text, ".")
		require.InDelta(t, millions, float64(a.Parameters)/1e6, 0.51*math.Pow10(-len(digits)), name)
	}
}
