package known

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTableHoldsTogether(t *testing.T) {
	used := map[string]bool{}
	full := map[string]string{}
	for _, m := range Models() {
		require.NotEmpty(t, m.Addresses, m.Name)
		require.NotEmpty(t, m.Family, m.Name)
		used[m.Shape().Name] = true
		for _, name := range m.names() {
			other, taken := full[spelled(name)]
			require.True(t, !taken || other == m.Name, "%s stands for %s and %s", name, m.Name, other)
			full[spelled(name)] = m.Name
			found, err := Find(name)
			require.NoError(t, err)
			require.Equal(t, m.Name, found.Name, name)
		}
		for _, r := range m.Repositories() {
			_, ok := Repository(r)
			require.True(t, ok, r)
		}
		require.True(t, m.Accuracy >= 0 && m.Accuracy < 100, m.Name)
	}
	for _, a := range Architectures() {
		require.True(t, used[a.Name], "no model has the architecture %s", a.Name)
		require.Positive(t, a.Parameters, a.Name)
		require.True(t, (a.OpenCLIP == nil) != (a.HuggingFace == nil), a.Name)
	}
}

// Every spelling of a name is the same model.
func TestSpellings(t *testing.T) {
	for want, names := range map[string][]string{
		"ViT-B-32/openai": {"ViT-B/32", "ViT-B-32", "vit-b-32", "ViT-B-32/openai", "ViT-B-32:openai", "ViT-B-32__openai", "ViT-B-32-quickgelu/openai",
			"openai/clip-vit-base-patch32", "hf-hub:openai/clip-vit-base-patch32", "https://huggingface.co/openai/clip-vit-base-patch32/",
			"timm/vit_base_patch32_clip_224.openai", "hf-hub:timm/vit_base_patch32_clip_224.openai"},
		"ViT-L-14-336/openai":            {"ViT-L/14@336px", "ViT-L-14-336", "openai/clip-vit-large-patch14-336"},
		"ViT-B-32/laion2b_s34b_b79k":     {"ViT-B-32:laion2b_s34b_b79k", "ViT-B-32__laion2b_s34b_b79k", "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"},
		"ViT-H-14/laion2b_s32b_b79k":     {"hf-hub:laion/CLIP-ViT-H-14-laion2B-s32B-b79K"},
		"ViT-B-16-SigLIP/webli":          {"ViT-B-16-SigLIP", "timm/ViT-B-16-SigLIP"},
		"google/siglip-base-patch16-224": {"siglip-base-patch16-224", "google/siglip-base-patch16-224"},
		"RN50x64/openai":                 {"RN50x64", "https://openaipublic.azureedge.net/clip/models/be1cfb55d75a9666199fb2206c106743da0f6468c9d327f3e0d0a543a9919d9c/RN50x64.pt"},
	} {
		for _, name := range names {
			m, err := Find(name)
			require.NoError(t, err, name)
			require.Equal(t, want, m.Name, name)
		}
	}
	m, err := Find("hf-hub:openai/clip-vit-base-patch32")
	require.NoError(t, err)
	require.Equal(t, "openai/clip-vit-base-patch32", m.Address("hf-hub:openai/clip-vit-base-patch32"))
	require.Empty(t, m.Address("ViT-B/32"))

	_, err = Find("nosuchmodel")
	require.ErrorIs(t, err, ErrUnknown)
	_, err = Find("ViT-H-14")
	var several *Ambiguous
	require.ErrorAs(t, err, &several)
	require.Contains(t, several.Names, "ViT-H-14/laion2b_s32b_b79k")
}

func TestRepositories(t *testing.T) {
	for _, name := range []string{"a/b", "hf-hub:laion/CLIP-ViT-H-14-laion2B-s32B-b79K", "https://huggingface.co/timm/x.y"} {
		_, ok := Repository(name)
		require.True(t, ok, name)
	}
	for _, name := range []string{"", "a", "a/", "/b", "a/b/c", "../b", "a/..", "a/.b", "a--b/c", "a/b?x", "https://example.com/a/b", "a/" + strings.Repeat("b", 97)} {
		_, ok := Repository(name)
		require.False(t, ok, name)
	}
}

func TestFindArchitecture(t *testing.T) {
	for _, name := range []string{"ViT-B/32", "ViT-B-32/openai", "ViT-B-32-quickgelu"} {
		a, err := FindArchitecture(name)
		require.NoError(t, err)
		require.Equal(t, "ViT-B-32-quickgelu", a.Name)
	}
	a, err := FindArchitecture("ViT-H-14")
	require.NoError(t, err)
	require.Equal(t, "ViT-H-14", a.Name)
	_, err = FindArchitecture("ViT-Z-99")
	require.ErrorIs(t, err, ErrUnknown)
}

func TestBrokenTables(t *testing.T) {
	for _, table := range []string{"", "name\n", columns + "\na\tb\n", columns + "\na\tb\tc\td\twell\tf\t\n"} {
		_, err := parseModels(table)
		require.Error(t, err, "%q", table)
	}
}

func FuzzFind(f *testing.F) {
	f.Add("ViT-B/32")
	f.Add("hf-hub:a/b")
	f.Fuzz(func(t *testing.T, name string) {
		Find(name)
		Repository(name)
		FindArchitecture(name)
	})
}

// Every architecture has as many parameters as was published.
func TestParameters(t *testing.T) {
	for _, a := range Architectures() {
		c, err := a.Config()
		require.NoError(t, err, a.Name)
		image, text := c.Parameters()
		require.Equal(t, a.Parameters, int64(image+text)+a.Unused+scalars(t, a), a.Name)
	}
}

// scalars is how many numbers turn a cosine into a logit.
func scalars(t *testing.T, a Architecture) int64 {
	t.Helper()
	var said struct {
		ModelType string   `json:"model_type"`
		Bias      *float64 `json:"init_logit_bias"`
	}
	require.NoError(t, json.Unmarshal(append(append([]byte{}, a.OpenCLIP...), a.HuggingFace...), &said))
	if said.Bias != nil || strings.HasPrefix(said.ModelType, "siglip") {
		return 2
	}
	return 1
}

func TestLike(t *testing.T) {
	a, err := FindArchitecture("ViT-B-16-plus-240")
	require.NoError(t, err)
	c, err := a.Config()
	require.NoError(t, err)
	var names []string
	for _, m := range Like(c) {
		names = append(names, m.Name)
	}
	require.Equal(t, []string{"ViT-B-16-plus-240/laion400m_e31", "ViT-B-16-plus-240/laion400m_e32"}, names)
	c.Text = nil
	require.Empty(t, Like(c))
}
