package wacloud

import "io"

// CheckImage reads the header of a picture and returns what would keep it from being sent or shown well.
func CheckImage(r io.Reader) []Problem { panic("skeleton") }
