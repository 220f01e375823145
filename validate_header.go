package wacloud

// header checks an optional header.
func (c *checker) header(h Header) {
	switch {
	case h == nil:
	case isNil(h):
		c.fail(ruleHeader, "header", "a nil pointer")
	default:
		h.checkHeader(c)
	}
}

// headerText checks the text of a header.
func (c *checker) headerText(r rule, s string) {
	c.text(r, "header.text", s)
	c.line(ruleHeaderBreak, "header.text", s)
}

func (h HeaderText) checkHeader(c *checker) {
	c.headerText(ruleHeaderText, h.Text)
	c.text(ruleHeaderSubText, "header.sub_text", h.SubText)
}

func (h HeaderImage) checkHeader(c *checker) { c.headerFile("header.image", h.Media) }

func (h HeaderVideo) checkHeader(c *checker) { c.headerFile("header.video", h.Media) }

func (h HeaderDocument) checkHeader(c *checker) {
	c.headerFile("header.document", h.Media)
	c.utf8("header.document.filename", h.Filename)
}

func (c *checker) headerFile(name string, m Media) {
	c.in(name)
	c.file(m)
	c.out()
}

// headerMedia is the file of a header that has one.
func headerMedia(h Header) (Media, bool) {
	if isNil(h) {
		return Media{}, false
	}
	switch h := h.(type) {
	case HeaderText, *HeaderText:
	case HeaderImage:
		return h.Media, true
	case *HeaderImage:
		return h.Media, true
	case HeaderVideo:
		return h.Media, true
	case *HeaderVideo:
		return h.Media, true
	case HeaderDocument:
		return h.Media, true
	case *HeaderDocument:
		return h.Media, true
	}
	return Media{}, false
}
