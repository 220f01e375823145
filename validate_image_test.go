package wacloud

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func itoa(n int) string { return strconv.Itoa(n) }

func squareJPEG() []byte { return asJPEG(image.NewRGBA(image.Rect(0, 0, 8, 8))) }

func asJPEG(m image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func asPNG(m image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// opaque makes PNG pictures of three channels.
func opaque(m *image.RGBA) *image.RGBA {
	for i := range m.Pix {
		m.Pix[i] = 0xff
	}
	return m
}

// cmykHeader is the start of a JPEG with four channels of 8 bits, 16 by 16 pixels.
var cmykHeader = []byte{
	0xff, 0xd8, 0xff, 0xc0, 0x00, 0x14, 0x08, 0x00, 0x10, 0x00, 0x10, 0x04,
	0x01, 0x11, 0x00, 0x02, 0x11, 0x00, 0x03, 0x11, 0x00, 0x04, 0x11, 0x00,
	0xff, 0xda, 0x00, 0x02,
}

// bombHeader is a JPEG that says it has 65,535 by 65,535 pixels.
var bombHeader = []byte{
	0xff, 0xd8, 0xff, 0xc0, 0x00, 0x11, 0x08, 0xff, 0xff, 0xff, 0xff, 0x03,
	0x01, 0x11, 0x00, 0x02, 0x11, 0x00, 0x03, 0x11, 0x00,
	0xff, 0xda, 0x00, 0x02,
}

func TestCheckImage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		file []byte
		want []string // rule, found
	}{
		{"square JPEG", squareJPEG(), nil},
		{"wide JPEG", asJPEG(image.NewRGBA(image.Rect(0, 0, 9, 8))), []string{"image.square: 9 by 8 pixels"}},
		{"grey JPEG", asJPEG(image.NewGray(image.Rect(0, 0, 8, 8))), []string{"image.gray: grey"}},
		{"CMYK JPEG", cmykHeader, []string{"image.color: CMYK"}},
		{"huge JPEG", bombHeader, nil},
		{"PNG", asPNG(opaque(image.NewRGBA(image.Rect(0, 0, 8, 8)))), []string{"image.png: PNG"}},
		{"PNG with alpha", asPNG(image.NewNRGBA(image.Rect(0, 0, 8, 8))), []string{"image.png: PNG"}},
		{"PNG of 16 bits", asPNG(image.NewNRGBA64(image.Rect(0, 0, 8, 8))), []string{"image.png: PNG", "image.color: 16 bits a channel"}},
		{"grey PNG of 16 bits", asPNG(image.NewGray16(image.Rect(0, 0, 8, 8))), []string{"image.png: PNG", "image.color: 16 bits a channel"}},
		{"PNG with a palette", asPNG(image.NewPaletted(image.Rect(0, 0, 8, 8), color.Palette{color.Black, color.White})), []string{"image.png: PNG", "image.gray: a palette"}},
		{"GIF", []byte("GIF89a\x01\x00\x01\x00"), []string{"image.type: another type"}},
		{"WebP", []byte("RIFF\x00\x00\x00\x00WEBPVP8 "), []string{"image.type: another type"}},
		{"HTML", []byte("<!doctype html>"), []string{"image.type: another type"}},
		{"empty", nil, []string{"image.read: a header that cannot be read"}},
		{"cut JPEG", squareJPEG()[:20], []string{"image.read: a header that cannot be read"}},
		{"cut PNG", asPNG(image.NewRGBA(image.Rect(0, 0, 8, 8)))[:20], []string{"image.png: PNG", "image.read: a header that cannot be read"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range CheckImage(bytes.NewReader(tt.file)) {
				require.Equal(t, "image", p.Path)
				got = append(got, p.Rule+": "+p.Got)
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestCheckImageSeverities(t *testing.T) {
	t.Parallel()
	require.NotEmpty(t, errorsOf(CheckImage(bytes.NewReader(cmykHeader))))
	require.NotEmpty(t, errorsOf(CheckImage(strings.NewReader("GIF89a"))))
	require.Empty(t, errorsOf(CheckImage(bytes.NewReader(asPNG(image.NewRGBA(image.Rect(0, 0, 9, 8)))))))
}

func TestCheckImageReaderThatFails(t *testing.T) {
	t.Parallel()
	require.Len(t, CheckImage(nil), 1)
	require.Len(t, CheckImage((*bytes.Reader)(nil)), 1)
	failing := io.MultiReader(bytes.NewReader(squareJPEG()), iotest.ErrReader(io.ErrClosedPipe))
	problems := CheckImage(failing)
	require.Len(t, problems, 1)
	require.Equal(t, "image.read", problems[0].Rule)
}

// Neither a header that claims gigapixels, which would be 12 GB decoded, nor an endless file is read.
func TestCheckImageIsBounded(t *testing.T) {
	t.Parallel()
	endless := io.MultiReader(bytes.NewReader(bombHeader), zeros{})
	require.Len(t, errorsOf(CheckImage(endless)), 1)
}

func FuzzCheckImage(f *testing.F) {
	f.Add(squareJPEG())
	f.Add(cmykHeader)
	f.Add(bombHeader)
	f.Add(asPNG(image.NewPaletted(image.Rect(0, 0, 2, 2), color.Palette{color.Black})))
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, p := range CheckImage(bytes.NewReader(file)) {
			if p.Rule == "" || p.Got == "" || p.Limit == "" {
				t.Fatalf("%+v", p)
			}
		}
	})
}
