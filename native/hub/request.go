package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"
)

// ErrOffline: HF_HUB_OFFLINE is set.
var ErrOffline = errors.New("hub: HF_HUB_OFFLINE is set, so nothing is fetched")

// maxRedirects is how often a server may send us elsewhere.
const maxRedirects = 5

// StatusError is an answer that is none of the wanted.
type StatusError struct {
	Status  int
	Message string
}

func (e *StatusError) Error() string { return e.Message }

// once makes one request and follows redirections, the token only to the hub itself. A HEAD request ends where the hub
// sends it to another server: the answer that tells a file's digest is the hub's. What it says of the file is kept.
func (c *Client) once(ctx context.Context, method, address, token string, header http.Header) (*http.Response, error) {
	client := http.Client{Transport: c.transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	first, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	said := http.Header{}
	at := first
	for range maxRedirects + 1 {
		request, err := http.NewRequestWithContext(ctx, method, at.String(), nil)
		if err != nil {
			return nil, err
		}
		for name, values := range header {
			request.Header[name] = values
		}
		request.Header.Set("User-Agent", "goclip")
		if token != "" && sameServer(at, first) {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		answer, err := client.Do(request)
		if err != nil {
			return nil, connection(ctx, err)
		}
		for _, name := range []string{"X-Repo-Commit", "X-Linked-Etag", "X-Linked-Size"} {
			if v := answer.Header.Get(name); v != "" && said.Get(name) == "" && sameServer(at, first) {
				said.Set(name, v)
			}
		}
		location, redirected := redirection(answer)
		if !redirected || method == http.MethodHead && !sameServer(location, first) {
			for name, values := range said {
				answer.Header[name] = values
			}
			return answer, nil
		}
		answer.Body.Close()
		if at.Scheme == "https" && location.Scheme != "https" {
			return nil, fmt.Errorf("%s redirects to %s, where nothing is encrypted", at.Host, location.Host)
		}
		at = location
	}
	return nil, fmt.Errorf("%s redirects more than %d times", first.Host, maxRedirects)
}

func redirection(answer *http.Response) (*url.URL, bool) {
	switch answer.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		location, err := answer.Location()
		return location, err == nil
	}
	return nil, false
}

func sameServer(a, b *url.URL) bool { return a.Scheme == b.Scheme && a.Host == b.Host }

// get makes a GET request with the token and wants one of some answers.
func (c *Client) get(ctx context.Context, address string, header http.Header, wanted ...int) (*http.Response, error) {
	return c.getAs(ctx, address, c.Token, header, wanted...)
}

func (c *Client) getAs(ctx context.Context, address, token string, header http.Header, wanted ...int) (*http.Response, error) {
	answer, err := c.once(ctx, http.MethodGet, address, token, header)
	if err != nil {
		return nil, err
	}
	for _, status := range wanted {
		if answer.StatusCode == status {
			return answer, nil
		}
	}
	io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<16)) // so that the connection can be used again
	answer.Body.Close()
	return nil, c.refusal(answer)
}

// refusal says what an answer means for the user. Too many requests and a server's own failures pass.
func (c *Client) refusal(answer *http.Response) error {
	e := &StatusError{Status: answer.StatusCode}
	host := answer.Request.URL.Host
	switch code := answer.Header.Get("X-Error-Code"); {
	case code == "GatedRepo" || answer.StatusCode == http.StatusForbidden:
		e.Message = fmt.Sprintf("%s wants you to be let in first: accept the terms on the model's page, then set HF_TOKEN to an access token of yours", host)
	case answer.StatusCode == http.StatusUnauthorized && c.Token == "":
		e.Message = fmt.Sprintf("%s answers that there is no such model, or that it is not for everybody: check the name, or set HF_TOKEN to an access token of yours", host)
	case answer.StatusCode == http.StatusUnauthorized:
		e.Message = fmt.Sprintf("%s does not take the access token: there is no such model, or HF_TOKEN is not one that may read it", host)
	case code == "RevisionNotFound":
		e.Message = fmt.Sprintf("%s has no such revision of it", host)
	case answer.StatusCode == http.StatusNotFound:
		e.Message = fmt.Sprintf("%s has no such model or file (404)", host)
	default:
		e.Message = fmt.Sprintf("%s answers %s", host, answer.Status)
	}
	if answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode >= 500 || answer.StatusCode == http.StatusRequestTimeout {
		return &passing{error: e, after: retryAfter(answer)}
	}
	return e
}

// retryAfter is how long a server asks to wait.
func retryAfter(answer *http.Response) time.Duration {
	text := answer.Header.Get("Retry-After")
	if n, err := strconv.Atoi(text); err == nil && n >= 0 && n < 1<<20 {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(t))
	}
	return 0
}

// connection tells failures that pass from those that do not.
func connection(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var address *url.Error
	if errors.As(err, &address) {
		err = fmt.Errorf("%s: %w", hostOf(address.URL), address.Err)
	}
	var network net.Error
	timeout := errors.As(err, &network) && network.Timeout()
	if timeout || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return &passing{error: err}
	}
	return err
}

func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Host
	}
	return address
}
