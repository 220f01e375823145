package main

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"net/http"
	"sync"
)

// dish names a picture. WhatsApp shows square JPEGs best on a carousel card, so that is what the bot draws and serves.
type dish string

const (
	pizza dish = "pizza"
	sushi dish = "sushi"
	salad dish = "salad"
)

const pictureSize = 640 // pixels, both ways

// An ellipse is the only shape that the pictures are made of. Lengths are fractions of the picture's side.
type ellipse struct {
	x, y, rx, ry float64
	turn         float64 // radians
	fill         color.RGBA
}

func disc(x, y, r float64, fill color.RGBA) ellipse { return ellipse{x, y, r, r, 0, fill} }

var (
	terracotta = color.RGBA{0xE2, 0x7D, 0x5B, 0xFF}
	petrol     = color.RGBA{0x2F, 0x6F, 0x7E, 0xFF}
	mustard    = color.RGBA{0xF0, 0xB8, 0x4B, 0xFF}
	shadow     = color.RGBA{0x00, 0x00, 0x00, 0x30}
	plate      = color.RGBA{0xFB, 0xF7, 0xF0, 0xFF}
	rim        = color.RGBA{0xE9, 0xE1, 0xD5, 0xFF}
	crust      = color.RGBA{0xC9, 0x86, 0x3F, 0xFF}
	cheese     = color.RGBA{0xFB, 0xD9, 0x6B, 0xFF}
	tomato     = color.RGBA{0xD1, 0x3B, 0x2C, 0xFF}
	basil      = color.RGBA{0x3F, 0x8F, 0x4A, 0xFF}
	lettuce    = color.RGBA{0x7D, 0xBE, 0x5A, 0xFF}
	nori       = color.RGBA{0x1E, 0x2B, 0x2A, 0xFF}
	rice       = color.RGBA{0xFD, 0xFB, 0xF5, 0xFF}
	salmon     = color.RGBA{0xF4, 0x8B, 0x5F, 0xFF}
	tuna       = color.RGBA{0xB9, 0x2F, 0x42, 0xFF}
)

// draw returns the picture of a dish as a JPEG.
func draw(d dish) ([]byte, bool) {
	var background color.RGBA
	var shapes []ellipse
	switch d {
	case pizza:
		background, shapes = terracotta, pizzaShapes()
	case sushi:
		background, shapes = petrol, sushiShapes()
	case salad:
		background, shapes = mustard, saladShapes()
	default:
		return nil, false
	}
	var buf bytes.Buffer
	// Encoding to memory cannot fail.
	_ = jpeg.Encode(&buf, paint(background, shapes), &jpeg.Options{Quality: 88})
	return buf.Bytes(), true
}

func pizzaShapes() []ellipse {
	shapes := []ellipse{
		disc(.515, .53, .40, shadow), disc(.5, .5, .40, plate), disc(.5, .5, .37, rim),
		disc(.5, .5, .345, crust), disc(.5, .5, .30, tomato), disc(.5, .5, .29, cheese),
	}
	for i := range 7 {
		a := float64(i)*2*math.Pi/6 + .3
		r := .19
		if i == 6 {
			r = 0
		}
		shapes = append(shapes, disc(.5+r*math.Cos(a), .5+r*math.Sin(a), .052, tomato))
	}
	for i := range 6 {
		a := float64(i)*2*math.Pi/6 + .85
		shapes = append(shapes, ellipse{.5 + .12*math.Cos(a), .5 + .12*math.Sin(a), .042, .019, a, basil})
	}
	return shapes
}

func sushiShapes() []ellipse {
	shapes := []ellipse{disc(.515, .53, .42, shadow), disc(.5, .5, .42, plate), disc(.5, .5, .38, rim), disc(.5, .5, .36, plate)}
	for i, fill := range []color.RGBA{salmon, tuna, salmon, tuna} {
		x, y := .36+.28*float64(i%2), .36+.28*float64(i/2)
		shapes = append(shapes, disc(x+.012, y+.016, .115, shadow), disc(x, y, .115, nori), disc(x, y, .097, rice),
			disc(x, y, .052, fill), ellipse{x + .006, y - .012, .024, .012, -.6, basil})
	}
	return shapes
}

func saladShapes() []ellipse {
	shapes := []ellipse{disc(.515, .53, .41, shadow), disc(.5, .5, .41, petrol), disc(.5, .5, .36, plate)}
	for i := 31; i >= 0; i-- { // from the rim to the middle
		a := float64(i) * 2.39996 // the golden angle spreads the leaves evenly
		r := .26 * math.Sqrt(float64(i)/31)
		leaf := lettuce
		if i%3 == 0 {
			leaf = basil
		}
		shapes = append(shapes, ellipse{.5 + r*math.Cos(a), .5 + r*math.Sin(a), .095, .05, a, leaf})
	}
	for i := range 5 {
		a := float64(i)*2*math.Pi/5 + .4
		x, y := .5+.19*math.Cos(a), .5+.19*math.Sin(a)
		shapes = append(shapes, disc(x, y, .05, tomato), disc(x-.014, y-.014, .014, salmon))
	}
	return shapes
}

// paint draws shapes over each other with soft edges of one pixel.
func paint(background color.RGBA, shapes []ellipse) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, pictureSize, pictureSize))
	for py := range pictureSize {
		for px := range pictureSize {
			c := background
			for _, s := range shapes {
				c = blend(c, s.fill, s.coverage((float64(px)+.5)/pictureSize, (float64(py)+.5)/pictureSize))
			}
			img.SetRGBA(px, py, c)
		}
	}
	return img
}

// coverage is how much of the pixel at x, y lies inside the ellipse, 0 to 1.
func (s ellipse) coverage(x, y float64) float64 {
	sin, cos := math.Sincos(-s.turn)
	dx, dy := x-s.x, y-s.y
	distance := math.Hypot((dx*cos-dy*sin)/s.rx, (dx*sin+dy*cos)/s.ry)
	return min(max((1-distance)*min(s.rx, s.ry)*pictureSize+.5, 0), 1)
}

func blend(under, over color.RGBA, coverage float64) color.RGBA {
	a := coverage * float64(over.A) / 255
	mix := func(u, o uint8) uint8 { return uint8(float64(u)*(1-a) + float64(o)*a + .5) }
	return color.RGBA{mix(under.R, over.R), mix(under.G, over.G), mix(under.B, over.B), 255}
}

// pictures are the files of all restaurants, drawn once.
var pictures = sync.OnceValue(func() map[string][]byte {
	files := map[string][]byte{}
	for _, r := range restaurants {
		data, _ := draw(r.Picture)
		files[string(r.Picture)+".jpg"] = data
	}
	return files
})

// servePicture answers /pictures/{name}.
func servePicture(w http.ResponseWriter, req *http.Request) {
	data, ok := pictures()[req.PathValue("name")]
	if !ok {
		http.NotFound(w, req)
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, _ = w.Write(data)
}
