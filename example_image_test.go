package wacloud_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"log"

	"github.com/wacloud/wacloud"
)

func ExampleCheckImage() {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 400, 300))); err != nil {
		log.Fatal(err)
	}
	for _, p := range wacloud.CheckImage(&picture) {
		fmt.Println(p.Rule)
	}
	// Output:
	// image.png
	// image.square
}
