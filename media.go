package wacloud

import (
	"context"
	"io"
	"time"
)

// An Upload is a file for [Client.Upload].
type Upload struct {
	Reader   io.Reader
	MIMEType string
	Filename string                  // optional
	Size     int64                   // bytes, 0 when unknown
	TTL      time.Duration           // numbers without storage only: 1 hour to 30 days
	Progress func(sent, total int64) // optional; called while the body is sent, total is 0 when unknown
}

// Upload stores a file with Meta for 30 days and returns its media id.
func (c *Client) Upload(ctx context.Context, u Upload) (id string, err error) { panic("skeleton") }

// MediaInfo says where a media file is, for five minutes, and what it is.
type MediaInfo struct {
	ID       string
	URL      string
	MIMEType string
	SHA256   string // as Meta writes it: hex from this call, base64 in webhooks
	Size     int64
}

// MediaURL looks a media id up.
func (c *Client) MediaURL(ctx context.Context, id string) (*MediaInfo, error) { panic("skeleton") }

// Download is the settings of [Client.Download].
type Download struct {
	MaxBytes int64  // defaults to 100 MB
	SHA256   string // expected hash, from the webhook; the lookup's otherwise
}

// Download copies a media file to w.
func (c *Client) Download(ctx context.Context, id string, w io.Writer, d Download) (*MediaInfo, error) {
	panic("skeleton")
}

// DeleteMedia deletes an uploaded file.
func (c *Client) DeleteMedia(ctx context.Context, id string) error { panic("skeleton") }
