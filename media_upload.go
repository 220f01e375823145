package wacloud

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/wacloud/wacloud/internal/wire"
)

// An Upload is a file for [Client.Upload].
type Upload struct {
	Reader   io.Reader
	MIMEType string
	Filename string                  // optional; only its last element is sent
	Size     int64                   // bytes, 0 when unknown; readers with Len or Seek need none
	TTL      time.Duration           // numbers without storage only: 1 hour to 30 days, whole minutes
	Progress func(sent, total int64) // optional; called from another goroutine while the file is sent, total is 0 when unknown

	// SkipValidation sends a type or size that is not among those known to this release.
	SkipValidation bool
}

// mediaType is a row of Meta's table of media types (Meta, business phone numbers, media, read 2026-03). Its max stands in
// the limits table, in bytes; that a megabyte is 1,048,576 of them is our reading.
type mediaType struct {
	mime string
	ext  string
	max  int64
}

const megabyte = 1 << 20

// maxBytes is the number of a row of the limits table.
func maxBytes(r rule) int64 { return int64(limits[r].max) }

var mediaTypes = [...]mediaType{
	{"audio/aac", ".aac", maxBytes(ruleAudioSize)},
	{"audio/amr", ".amr", maxBytes(ruleAudioSize)},
	{"audio/mpeg", ".mp3", maxBytes(ruleAudioSize)},
	{"audio/mp4", ".m4a", maxBytes(ruleAudioSize)},
	{"audio/ogg", ".ogg", maxBytes(ruleAudioSize)}, // Opus, mono
	{"text/plain", ".txt", maxBytes(ruleDocumentSize)},
	{"application/pdf", ".pdf", maxBytes(ruleDocumentSize)},
	{"application/msword", ".doc", maxBytes(ruleDocumentSize)},
	{"application/vnd.ms-excel", ".xls", maxBytes(ruleDocumentSize)},
	{"application/vnd.ms-powerpoint", ".ppt", maxBytes(ruleDocumentSize)},
	{"application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx", maxBytes(ruleDocumentSize)},
	{"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx", maxBytes(ruleDocumentSize)},
	{"application/vnd.openxmlformats-officedocument.presentationml.presentation", ".pptx", maxBytes(ruleDocumentSize)},
	{"image/jpeg", ".jpg", maxBytes(ruleImageSize)},
	{"image/png", ".png", maxBytes(ruleImageSize)},
	{"video/mp4", ".mp4", maxBytes(ruleVideoSize)},
	{"video/3gpp", ".3gp", maxBytes(ruleVideoSize)},
	{"image/webp", ".webp", maxBytes(ruleStickerSize)}, // stickers: 500 KB animated, 100 KB otherwise
}

// Upload stores a file with Meta for 30 days and returns its media id. The file is streamed, never held in memory. A
// type that Meta does not take and a size over its limit (5 MB for pictures, 16 MB for audio and video, 100 MB for
// documents, 500 KB for stickers) are refused before, or while the reader shows its size; such errors are [ErrInvalid].
//
// It is repeated, from the start, only where Reader is an [io.Seeker]; a file that arrived twice does no harm. Instead of
// a time limit for the whole, an upload ends when nothing moves for the HTTP client's timeout. A Read of Reader that does
// not return when the upload ends may outlast the call.
func (c *Client) Upload(ctx context.Context, u Upload) (id string, err error) {
	body, err := newUploadBody(u)
	if err != nil {
		return "", opError("upload", err)
	}
	var media mediaAnswer
	k := call{
		op: "upload", method: http.MethodPost, url: c.graphURL(c.number, "media"),
		upload: body, idempotent: true, into: &media,
	}
	_, err = c.do(ctx, &k, (*Client).try)
	if settled := body.settle(ctx); err != nil && settled && body.failed != nil {
		return "", opError(k.op, body.failed)
	}
	return string(media), err
}

// mediaAnswer is the id of an upload.
type mediaAnswer string

func (m *mediaAnswer) decode(answer wire.Value) bool {
	*m = mediaAnswer(answer.Get("id").Text())
	return *m != ""
}

// uploadError is what is wrong with an upload. It is an [ErrInvalid].
type uploadError string

func (e uploadError) Error() string        { return string(e) }
func (e uploadError) Is(target error) bool { return target == ErrInvalid }

// size is the number of bytes that u's reader holds, 0 when that cannot be known.
func (u Upload) size() (int64, error) {
	if u.Size != 0 {
		return u.Size, nil
	}
	switch r := u.Reader.(type) {
	case interface{ Len() int }:
		return int64(r.Len()), nil
	case io.Seeker:
		here, err := r.Seek(0, io.SeekCurrent)
		if err != nil {
			return 0, nil //nolint:nilerr // a pipe has the method and cannot do it
		}
		end, err := r.Seek(0, io.SeekEnd)
		if err != nil {
			return 0, fmt.Errorf("finding the size: %w", err)
		}
		if _, err = r.Seek(here, io.SeekStart); err != nil {
			return 0, fmt.Errorf("finding the size: %w", err)
		}
		return end - here, nil
	default:
		return 0, nil
	}
}

// check returns the row of u's type.
func (u Upload) check(size int64) (mediaType, error) {
	if u.Reader == nil {
		return mediaType{}, uploadError("the reader is nil")
	}
	if u.TTL != 0 && (u.TTL < time.Hour || u.TTL > 30*24*time.Hour) {
		return mediaType{}, uploadError(fmt.Sprintf("the TTL is %v, it must be 1 hour to 30 days (720h)", u.TTL))
	}
	base, _, err := mime.ParseMediaType(u.MIMEType)
	if err != nil {
		return mediaType{}, uploadError(fmt.Sprintf("the MIME type %q is not one, such as image/jpeg", clip(u.MIMEType, 80)))
	}
	if u.SkipValidation {
		return mediaType{mime: base}, nil
	}
	for _, t := range mediaTypes {
		if t.mime == base {
			return t, t.checkSize(size)
		}
	}
	return mediaType{}, uploadError(fmt.Sprintf("Meta takes no files of type %q", clip(base, 80)))
}

func (t mediaType) checkSize(size int64) error {
	if size < 0 {
		return uploadError("the size is negative")
	}
	if t.max > 0 && size > t.max {
		return uploadError(fmt.Sprintf("the file is larger than the %d bytes that %s may have", t.max, t.mime))
	}
	return nil
}

// sendName is the file name as it is sent: without a path, quotes and control characters.
func (u Upload) sendName(t mediaType) string {
	name := path.Base(strings.ReplaceAll(u.Filename, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar || strings.ContainsRune(`"<>:|?*`, r) {
			return -1
		}
		return r
	}, name)
	if name = strings.Trim(strings.ToValidUTF8(clip(name, 240), ""), ". "); name == "" || name == "/" {
		return "file" + t.ext
	}
	return name
}

// uploadBody is a multipart body around the caller's reader, for one attempt after another. A goroutine reads the reader
// and writes to a pipe, so that a Read that does not return keeps neither the transport nor the caller.
type uploadBody struct {
	watchdog    watchdog
	contentType string
	length      int64 // -1 when unknown
	head, tail  []byte
	file        io.Reader
	kind        mediaType
	size        int64 // of the file, 0 when unknown
	start       int64 // of the file in a seeker, -1 in others
	progress    func(sent, total int64)

	pipe   *io.PipeReader // of the last attempt
	done   chan struct{}  // closed when its goroutine has ended; until then that owns the rest
	sent   int64
	failed error
}

func newUploadBody(u Upload) (*uploadBody, error) {
	size, err := u.size()
	if err != nil {
		return nil, err
	}
	kind, err := u.check(size)
	if err != nil {
		return nil, err
	}
	b := &uploadBody{file: u.Reader, kind: kind, size: size, progress: u.Progress, length: -1, start: -1}
	b.frame(u)
	if size > 0 {
		b.length = int64(len(b.head)) + size + int64(len(b.tail))
	}
	if s, ok := u.Reader.(io.Seeker); ok {
		if here, err := s.Seek(0, io.SeekCurrent); err == nil {
			b.start = here
		}
	}
	return b, nil
}

// frame makes what stands before and after the file.
func (b *uploadBody) frame(u Upload) {
	var buf bytes.Buffer // writes to it never fail
	w := multipart.NewWriter(&buf)
	_ = w.WriteField("messaging_product", "whatsapp")
	_ = w.WriteField("type", u.MIMEType)
	if u.TTL > 0 {
		_ = w.WriteField("ttl_minutes", strconv.Itoa(int(u.TTL/time.Minute)))
	}
	_, _ = w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {fmt.Sprintf(`form-data; name="file"; filename="%s"`, u.sendName(b.kind))},
		"Content-Type":        {u.MIMEType},
	})
	b.head = bytes.Clone(buf.Bytes())
	buf.Reset()
	_ = w.Close()
	b.tail = buf.Bytes()
	b.contentType = w.FormDataContentType()
}

// open is the body of the attempt that begins now. It ends with ctx.
func (b *uploadBody) open(ctx context.Context) io.Reader {
	r, w := io.Pipe()
	done := make(chan struct{})
	b.pipe, b.done = r, done
	go func() {
		defer close(done)
		defer context.AfterFunc(ctx, func() { r.CloseWithError(ctx.Err()) })()
		w.CloseWithError(b.pump(w))
	}()
	return r
}

// pump writes the body. The file is not touched before somebody reads what stands before it.
func (b *uploadBody) pump(w io.Writer) error {
	if _, err := w.Write(b.head); err != nil {
		return err
	}
	buf := make([]byte, 32<<10)
	for {
		n, err := b.file.Read(buf)
		b.sent += int64(n)
		if err == nil || err == io.EOF {
			b.failed = b.checkSent(err == io.EOF)
		} else {
			b.failed = fmt.Errorf("reading the file: %w", err)
		}
		if b.failed != nil {
			return b.failed
		}
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return err
			}
			b.moved()
		}
		if err == io.EOF {
			_, err := w.Write(b.tail)
			return err
		}
	}
}

func (b *uploadBody) moved() {
	b.watchdog.feed()
	if b.progress != nil {
		b.progress(b.sent, b.size)
	}
}

// checkSent holds the file to its announced size, and to the limit of its type when none was announced.
func (b *uploadBody) checkSent(end bool) error {
	switch {
	case b.size > 0 && b.sent > b.size, b.size > 0 && end && b.sent < b.size:
		return uploadError(fmt.Sprintf("the reader does not hold the %d bytes that were announced", b.size))
	case b.size == 0:
		return b.kind.checkSize(b.sent)
	default:
		return nil
	}
}

// readerGrace is how long a Read under way may keep an attempt that is over from being cleared up.
const readerGrace = time.Second

// settle ends the last attempt. It returns false when the caller's reader is still being read.
func (b *uploadBody) settle(ctx context.Context) bool {
	if b.done == nil {
		return true
	}
	b.pipe.CloseWithError(errSealed)
	ctx, cancel := context.WithTimeout(ctx, readerGrace)
	defer cancel()
	select {
	case <-b.done:
		return true
	case <-ctx.Done():
		return false
	}
}

// rewind goes back to the start of the file, and reports whether that is possible.
func (b *uploadBody) rewind(ctx context.Context) bool {
	if !b.settle(ctx) || b.failed != nil {
		return false
	}
	if b.sent == 0 {
		return true
	}
	s, ok := b.file.(io.Seeker)
	if !ok || b.start < 0 {
		return false
	}
	_, err := s.Seek(b.start, io.SeekStart)
	b.sent = 0
	return err == nil
}

// watchdog ends a transfer in which nothing moves.
type watchdog struct {
	timer *time.Timer
	limit time.Duration
}

func (w *watchdog) start(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	w.limit = cmp.Or(limit, defaultTimeout)
	timer := time.AfterFunc(w.limit, cancel)
	w.timer = timer
	return ctx, func() { timer.Stop(); cancel() }
}

func (w *watchdog) feed() { w.timer.Reset(w.limit) }
