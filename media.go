package wacloud

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/wacloud/wacloud/internal/wire"
)

// MediaInfo says where a media file is, for five minutes, and what it is.
type MediaInfo struct {
	ID       string
	URL      string // needs the access token, see [Client.Download]
	MIMEType string // the uploader's word
	SHA256   string // as Meta writes it: hex from this call, base64 in webhooks
	Size     int64  // bytes
}

func (m *MediaInfo) decode(answer wire.Value) bool {
	m.ID = answer.Get("id").Text()
	m.URL = answer.Get("url").Text()
	m.MIMEType = answer.Get("mime_type").Text()
	m.SHA256 = answer.Get("sha256").Text()
	m.Size, _ = answer.Get("file_size").Int()
	return m.URL != ""
}

// MediaURL looks a media id up. Ids of uploads live for 30 days, ids from webhooks for 7 (Meta, business phone numbers,
// media, changed 2025-10). The error is of type [*APIError]; an answer of the 400s is not asked for again, because Meta
// blocks a token after 20 failed reads within an hour.
func (c *Client) MediaURL(ctx context.Context, id string) (*MediaInfo, error) {
	info := new(MediaInfo)
	k := call{op: "media url", method: http.MethodGet, idempotent: true, mediaRead: true, into: info}
	if err := c.doMedia(ctx, &k, id); err != nil {
		return nil, err
	}
	return info, nil
}

// DeleteMedia deletes an uploaded file. The error is of type [*APIError], or says that there was no answer.
func (c *Client) DeleteMedia(ctx context.Context, id string) error {
	k := call{op: "delete media", method: http.MethodDelete, idempotent: true, into: new(success)}
	return c.doMedia(ctx, &k, id)
}

func (c *Client) doMedia(ctx context.Context, k *call, id string) error {
	if err := checkMediaID(id); err != nil {
		return opError(k.op, err)
	}
	k.url = c.graphURL(id)
	query := url.Values{"phone_number_id": {c.number}}.Encode()
	k.url.RawQuery = strings.TrimPrefix(c.query+"&"+query, "&")
	_, err := c.do(ctx, k, (*Client).try)
	return err
}

// checkMediaID keeps ids, which come from webhooks, from becoming another path.
func checkMediaID(id string) error {
	if id == "" {
		return errors.New("the media id is empty")
	}
	if len(id) > 128 || strings.ContainsFunc(id, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_'
	}) {
		return errors.New("the media id holds something else than letters, digits, hyphens and underscores")
	}
	return nil
}
