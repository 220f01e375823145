package wacloud

import (
	"bufio"
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"strconv"
)

// CheckImage reads a picture that is to be sent and returns what would keep Meta from taking it, or a card from showing
// it well: anything but JPEG or PNG, CMYK or 16 bits a channel, more than 5 MB, a file that cannot be read are errors; PNG
// or another shape than a square are warnings (Meta, business phone numbers, media, read 2026-03). It returns nil for a
// picture that is fine everywhere.
//
// Only the header is decoded, so a picture that claims to be huge costs nothing. To learn the size, it reads r to its end
// or just past 5 MB.
func CheckImage(r io.Reader) []Problem {
	c := newChecker()
	c.image(r)
	return c.finish()
}

const imagePath = "image"

func (c *checker) image(r io.Reader) {
	if isNil(r) {
		c.fail(ruleImageRead, imagePath, "no reader")
		return
	}
	over := int64(limits[ruleImageSize].max) + 1
	file := &countingReader{r: io.LimitReader(r, over)}
	c.imageHeader(bufio.NewReader(file))
	_, err := io.Copy(io.Discard, file)
	switch {
	case err != nil:
		c.fail(ruleImageRead, imagePath, "a reader that fails")
	case file.n == over:
		c.tooMuch(ruleImageSize, imagePath, "more than 5 MB")
	default:
		c.number(ruleImageSizeMB, imagePath, int(file.n))
	}
}

// imageHeader decodes as much as tells the type, the colours and the shape.
func (c *checker) imageHeader(r *bufio.Reader) {
	start, _ := r.Peek(8)
	var (
		header image.Config
		err    error
	)
	switch {
	case bytes.HasPrefix(start, []byte("\xff\xd8\xff")):
		header, err = jpeg.DecodeConfig(r)
	case string(start) == "\x89PNG\r\n\x1a\n":
		header, err = png.DecodeConfig(r)
		c.fail(ruleImagePNG, imagePath, "PNG")
	case len(start) == 0:
		err = errors.New("empty")
	default:
		c.fail(ruleImageType, imagePath, "another type")
		return
	}
	if err != nil || header.Width <= 0 || header.Height <= 0 {
		c.fail(ruleImageRead, imagePath, "a header that cannot be read")
		return
	}
	c.imageColors(header.ColorModel)
	if header.Width != header.Height {
		c.fail(ruleImageSquare, imagePath, strconv.Itoa(header.Width)+" by "+strconv.Itoa(header.Height)+" pixels")
	}
}

func (c *checker) imageColors(m color.Model) {
	switch m {
	case color.CMYKModel:
		c.fail(ruleImageColor, imagePath, "CMYK")
	case color.RGBA64Model, color.NRGBA64Model, color.Gray16Model:
		c.fail(ruleImageColor, imagePath, "16 bits a channel")
	case color.GrayModel:
		c.fail(ruleImageGray, imagePath, "grey")
	}
	if _, ok := m.(color.Palette); ok {
		c.fail(ruleImageGray, imagePath, "a palette")
	}
}

// countingReader counts what was read.
type countingReader struct {
	r io.Reader
	n int64
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.n += int64(n)
	return n, err
}
