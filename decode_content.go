package wacloud

func (f field) text() (m Text) {
	f.object(func(o *object) {
		m.PreviewURL = o.get("preview_url").bool()
		m.Body = o.need("body").str()
	})
	return m
}

func (o *object) media() Media {
	return Media{ID: o.optional("id"), Link: o.optional("link")}
}

func (f field) image() (m Image) {
	f.object(func(o *object) { m = Image{Media: o.media(), Caption: o.optional("caption")} })
	return m
}

func (f field) video() (m Video) {
	f.object(func(o *object) { m = Video{Media: o.media(), Caption: o.optional("caption")} })
	return m
}

func (f field) audio() (m Audio) {
	f.object(func(o *object) { m = Audio{Media: o.media(), Voice: o.get("voice").bool()} })
	return m
}

func (f field) document() (m Document) {
	f.object(func(o *object) {
		m = Document{Media: o.media(), Filename: o.optional("filename"), Caption: o.optional("caption")}
	})
	return m
}

func (f field) sticker() (m Sticker) {
	f.object(func(o *object) { m = Sticker{Media: o.media()} })
	return m
}

func (f field) location() (m Location) {
	f.object(func(o *object) {
		m.Latitude, m.Longitude = o.need("latitude").degrees(), o.need("longitude").degrees()
		m.Name, m.Address = o.optional("name"), o.optional("address")
	})
	return m
}

func (f field) reaction() (m Reaction) {
	f.object(func(o *object) {
		m = Reaction{MessageID: o.need("message_id").str(), Emoji: o.need("emoji").str()}
	})
	return m
}

func (f field) contacts() Contacts {
	return Contacts{Contacts: list(f, func(_ int, o *object) Contact { return o.contact() })}
}

func (o *object) contact() (c Contact) {
	o.need("name").object(func(o *object) {
		c.Name = ContactName{
			Formatted: o.need("formatted_name").str(),
			First:     o.optional("first_name"),
			Last:      o.optional("last_name"),
			Middle:    o.optional("middle_name"),
			Suffix:    o.optional("suffix"),
			Prefix:    o.optional("prefix"),
		}
	})
	c.Phones = list(o.optionalList("phones"), func(_ int, o *object) ContactPhone {
		return ContactPhone{Phone: o.need("phone").str(), Type: o.optional("type"), WaID: o.optional("wa_id")}
	})
	c.Emails = list(o.optionalList("emails"), func(_ int, o *object) ContactEmail {
		return ContactEmail{Email: o.need("email").str(), Type: o.optional("type")}
	})
	c.URLs = list(o.optionalList("urls"), func(_ int, o *object) ContactURL {
		return ContactURL{URL: o.need("url").str(), Type: o.optional("type")}
	})
	c.Addresses = list(o.optionalList("addresses"), func(_ int, o *object) ContactAddress { return o.address() })
	o.optionalObject("org", func(o *object) {
		c.Org = ContactOrg{
			Company:    o.optional("company"),
			Department: o.optional("department"),
			Title:      o.optional("title"),
		}
	})
	c.Birthday = o.optional("birthday")
	return c
}

func (o *object) address() ContactAddress {
	return ContactAddress{
		Street:      o.optional("street"),
		City:        o.optional("city"),
		State:       o.optional("state"),
		Zip:         o.optional("zip"),
		Country:     o.optional("country"),
		CountryCode: o.optional("country_code"),
		Type:        o.optional("type"),
	}
}
