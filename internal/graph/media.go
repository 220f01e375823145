package graph

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/wacloud/wacloud"
)

// mediaPath is where the addresses of files point to.
const mediaPath = "/_media/"

// mediaLimits holds the largest size of each type that may be uploaded (Meta, media, read 2026-03).
var mediaLimits = map[string]int64{
	"audio/aac": 16 << 20, "audio/amr": 16 << 20, "audio/mpeg": 16 << 20, "audio/mp4": 16 << 20, "audio/ogg": 16 << 20,
	"image/jpeg": 5 << 20, "image/png": 5 << 20, "image/webp": 500 << 10,
	"video/mp4": 16 << 20, "video/3gpp": 16 << 20,
	"text/plain": 100 << 20, "application/pdf": 100 << 20,
	"application/msword": 100 << 20, "application/vnd.ms-excel": 100 << 20, "application/vnd.ms-powerpoint": 100 << 20,
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   100 << 20,
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         100 << 20,
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": 100 << 20,
}

type file struct {
	id       string
	number   string // that owns it, empty for what users sent
	mimeType string
	data     []byte
	sum      [sha256.Size]byte
}

// mediaStore keeps the last files up to a number of bytes.
type mediaStore struct {
	max   int
	total int
	seq   int
	files []*file
}

func (s *mediaStore) add(number, mimeType string, data []byte) *file {
	for {
		s.seq++
		if id := fmt.Sprintf("9%014d", s.seq); s.find(id) == nil {
			return s.put(id, number, mimeType, data)
		}
	}
}

func (s *mediaStore) put(id, number, mimeType string, data []byte) *file {
	f := &file{id: id, number: number, mimeType: mimeType, data: data, sum: sha256.Sum256(data)}
	s.files = append(s.files, f)
	for s.total += len(data); s.total > s.max && len(s.files) > 1; {
		s.total -= len(s.files[0].data)
		s.files = slices.Clone(s.files[1:])
	}
	return f
}

func (s *mediaStore) find(id string) *file {
	for _, f := range s.files {
		if f.id == id {
			return f
		}
	}
	return nil
}

// AddMedia keeps a file that a user is going to send and describes it as webhooks do.
func (e *Engine) AddMedia(mimeType string, data []byte) wacloud.MediaContent {
	e.mu.Lock()
	defer e.mu.Unlock()
	f := e.media.add("", mimeType, data)
	return wacloud.MediaContent{
		ID: f.id, MIMEType: mimeType, SHA256: base64.StdEncoding.EncodeToString(f.sum[:]), URL: e.mediaURL(f.id),
	}
}

// MediaFile returns a file that was uploaded or sent.
func (e *Engine) MediaFile(id string) (mimeType string, data []byte, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if f := e.media.find(id); f != nil {
		return f.mimeType, f.data, true
	}
	return "", nil, false
}

func (e *Engine) mediaURL(id string) string {
	return strings.TrimSuffix(e.cfg.BaseURL, "/") + mediaPath + id
}

func (e *Engine) upload(r *http.Request, _ Fault) answer {
	mimeType, data, err := readUpload(r)
	if err != nil {
		return refusal{Code: 100, Details: err.Error()}.answer()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	f := e.media.add(r.PathValue("number"), mimeType, data)
	e.touch()
	return jsonAnswer(map[string]string{"id": f.id})
}

// readUpload reads the form of an upload: the fields in any order.
func readUpload(r *http.Request) (mimeType string, data []byte, err error) {
	form, err := r.MultipartReader()
	if err != nil {
		return "", nil, errors.New("file: the request must be multipart/form-data")
	}
	fields := map[string]string{}
	hasFile := false
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", nil, errors.New("file: the form is cut off")
		}
		if part.FormName() != "file" {
			text, err := io.ReadAll(io.LimitReader(part, 1<<10))
			if err != nil {
				return "", nil, errors.New("file: the form is cut off")
			}
			fields[part.FormName()] = string(text)
			continue
		}
		hasFile = true
		if mimeType == "" {
			mimeType = part.Header.Get("Content-Type")
		}
		if data, err = io.ReadAll(io.LimitReader(part, 100<<20+1)); err != nil {
			return "", nil, errors.New("file: the form is cut off")
		}
	}
	if fields["type"] != "" {
		mimeType = fields["type"]
	}
	return mimeType, data, checkUpload(fields["messaging_product"], mimeType, hasFile, int64(len(data)))
}

func checkUpload(product, mimeType string, hasFile bool, size int64) error {
	base, _, err := mime.ParseMediaType(mimeType)
	limit := mediaLimits[base]
	switch {
	case product != "whatsapp":
		return errors.New(`messaging_product: it must be "whatsapp"`)
	case !hasFile || size == 0:
		return errors.New("file: it is required and not empty")
	case err != nil || limit == 0:
		return fmt.Errorf("file: %q is not one of the supported types", mimeType)
	case size > limit:
		return fmt.Errorf("file: %d bytes, at most %d of this type", size, limit)
	}
	return nil
}

// owned finds a file that the number of the query, if there is one, may see.
func (e *Engine) owned(r *http.Request) (*file, answer) {
	f := e.media.find(r.PathValue("media"))
	number := r.URL.Query().Get("phone_number_id")
	if f == nil || number != "" && f.number != "" && number != f.number {
		return nil, refusal{Code: 100, Subcode: 33, Details: "media id: there is no such file for this number"}.answer()
	}
	return f, answer{}
}

func (e *Engine) lookup(r *http.Request, _ Fault) answer {
	e.mu.Lock()
	defer e.mu.Unlock()
	f, refused := e.owned(r)
	if f == nil {
		return refused
	}
	return jsonAnswer(struct {
		URL      string `json:"url"`
		MIMEType string `json:"mime_type"`
		SHA256   string `json:"sha256"`
		Size     int    `json:"file_size"`
		ID       string `json:"id"`
		Product  string `json:"messaging_product"`
	}{e.mediaURL(f.id), f.mimeType, hex.EncodeToString(f.sum[:]), len(f.data), f.id, "whatsapp"})
}

func (e *Engine) download(r *http.Request, _ Fault) answer {
	e.mu.Lock()
	defer e.mu.Unlock()
	f := e.media.find(r.PathValue("media"))
	if f == nil {
		return answer{status: http.StatusNotFound, contentType: "text/plain; charset=utf-8", body: []byte("not found\n")}
	}
	return answer{contentType: f.mimeType, body: f.data}
}

func (e *Engine) deleteMedia(r *http.Request, _ Fault) answer {
	e.mu.Lock()
	defer e.mu.Unlock()
	f, refused := e.owned(r)
	if f == nil {
		return refused
	}
	e.media.total -= len(f.data)
	e.media.files = slices.DeleteFunc(slices.Clone(e.media.files), func(g *file) bool { return g == f })
	return success
}
