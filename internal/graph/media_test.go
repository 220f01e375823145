package graph_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/internal/graph"
)

func TestMediaTravelsBothWays(t *testing.T) {
	t.Parallel()
	srv := httptest.NewUnstartedServer(nil)
	e := newEngine(t, func(c *graph.Config) { c.BaseURL = "http://" + srv.Listener.Addr().String() + "/base" })
	srv.Config.Handler = http.StripPrefix("/base", e)
	srv.Start()
	defer srv.Close()
	c, err := wacloud.NewClient(number, wacloud.NewSecret("test-token"),
		wacloud.WithBaseURL(srv.URL+"/base"), wacloud.WithMediaHosts("127.0.0.1"))
	require.NoError(t, err)
	data := []byte("\xff\xd8\xff a picture")
	id, err := c.Upload(t.Context(), wacloud.Upload{Reader: bytes.NewReader(data), MIMEType: "image/jpeg", Filename: "a.jpg"})
	require.NoError(t, err)
	info, err := c.MediaURL(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, "image/jpeg", info.MIMEType)
	require.EqualValues(t, len(data), info.Size)
	var got bytes.Buffer
	_, err = c.Download(t.Context(), id, &got, wacloud.Download{})
	require.NoError(t, err)
	require.Equal(t, data, got.Bytes())
	got.Reset()
	inbound := e.AddMedia("image/png", []byte("from the user"))
	_, err = c.Download(t.Context(), inbound.ID, &got, wacloud.Download{SHA256: inbound.SHA256})
	require.NoError(t, err)
	require.Equal(t, "from the user", got.String())
	require.NoError(t, c.DeleteMedia(t.Context(), id))
	_, err = c.MediaURL(t.Context(), id)
	require.ErrorIs(t, err, wacloud.ErrInvalid)
	other, err := c.ForNumber("100000000000002")
	require.NoError(t, err)
	id, err = c.Upload(t.Context(), wacloud.Upload{Reader: bytes.NewReader(data), MIMEType: "image/jpeg", Filename: "a.jpg"})
	require.NoError(t, err)
	_, err = other.MediaURL(t.Context(), id)
	require.ErrorIs(t, err, wacloud.ErrInvalid, "a file belongs to its number")
}

func TestUploadsAreChecked(t *testing.T) {
	t.Parallel()
	form := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	part := func(name, value string) string {
		return "--b\nContent-Disposition: form-data; name=\"" + name + "\"\n\n" + value + "\n"
	}
	file := "--b\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\nContent-Type: image/jpeg\n\nxx\n"
	for _, tt := range []struct{ name, contentType, body, path string }{
		{"no form", "application/json", "{}", "file"},
		{"no product", "multipart/form-data; boundary=b", part("type", "image/jpeg") + file + "--b--\n", "messaging_product"},
		{"no file", "multipart/form-data; boundary=b", part("messaging_product", "whatsapp") + part("type", "image/jpeg") + "--b--\n", "file"},
		{"unknown type", "multipart/form-data; boundary=b", part("messaging_product", "whatsapp") + part("type", "image/gif") + file + "--b--\n", "file"},
		{"cut off", "multipart/form-data; boundary=b", part("messaging_product", "whatsapp") + file, "file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/v23.0/"+number+"/media", strings.NewReader(form(tt.body)))
			r.Header.Set("Authorization", "Bearer test-token")
			r.Header.Set("Content-Type", tt.contentType)
			w := httptest.NewRecorder()
			newEngine(t).ServeHTTP(w, r)
			require.Equal(t, http.StatusBadRequest, w.Code)
			require.Contains(t, w.Body.String(), `"code":100`)
			require.Contains(t, w.Body.String(), `"details":"`+tt.path)
		})
	}
}
