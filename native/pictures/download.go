package pictures

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// maxRedirects is how often a server may send us elsewhere.
const maxRedirects = 5

// client is patient with slow servers and not with silent ones.
var client = &http.Client{
	Timeout: time.Minute,
	Transport: func() http.RoundTripper {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.ResponseHeaderTimeout = 20 * time.Second
		return t
	}(),
	CheckRedirect: func(_ *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return fmt.Errorf("redirected more than %d times", maxRedirects)
		}
		return nil
	},
}

func download(ctx context.Context, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", "goclip")
	request.Header.Set("Accept", "image/png, image/jpeg, image/webp, image/*;q=0.8, */*;q=0.1")
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server answers %s", answer.Status)
	}
	if answer.ContentLength > maxDownload {
		return nil, tooLarge(maxDownload)
	}
	data, err := readUpTo(answer.Body, answer.ContentLength, maxDownload)
	if err != nil && errors.Is(err, context.DeadlineExceeded) {
		return nil, errors.New("no answer in time")
	}
	return data, err
}
