package strictyaml

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Decode reads src, the contents of file, into v, a pointer. What the file does
// not mention keeps the value it has. Keys are named by `yaml:"name"` tags (or the
// lower-case field name); `yaml:",inline"` takes the fields of a nested struct.
// The Doc is never nil; the Problems are sorted and empty when all is well.
func Decode(file string, src []byte, v any) (*Doc, Problems) {
	d, text, ok := newDoc(file, src)
	if ok {
		if root := d.parse(text); root != nil {
			d.into(root, v)
		}
	}
	return d, d.problems.Sorted()
}

func (d *Doc) into(n *Node, v any) bool {
	before := len(d.problems)
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Pointer || rv.IsNil() {
		panic(fmt.Sprintf("strictyaml: cannot decode into %T", v))
	}
	d.value(n, rv.Elem())
	return len(d.problems) == before
}

// value decodes n into rv by the shape that rv has.
func (d *Doc) value(n *Node, rv reflect.Value) {
	if rv.CanAddr() {
		switch u := rv.Addr().Interface().(type) {
		case Unmarshaler:
			u.UnmarshalNode(n)
			return
		case encoding.TextUnmarshaler:
			d.textValue(n, u)
			return
		}
	}
	if n.Kind == Null {
		n.Fail(n.name()+" has no value", "give it one, or remove the line")
		return
	}
	switch rv.Kind() {
	case reflect.Pointer:
		if rv.IsNil() {
			rv.Set(reflect.New(rv.Type().Elem()))
		}
		d.value(n, rv.Elem())
	case reflect.Struct:
		d.structValue(n, rv)
	case reflect.Map:
		d.mapValue(n, rv)
	case reflect.Slice:
		d.listValue(n, rv)
	default:
		d.scalar(n, rv)
	}
}

// textValue decodes into a type that reads its own text.
func (d *Doc) textValue(n *Node, u encoding.TextUnmarshaler) {
	if n.Kind == List || n.Kind == Map || n.Kind == Null {
		n.Fail(fmt.Sprintf("%s must be one value, not %s", n.name(), n.What()), "")
		return
	}
	if err := u.UnmarshalText([]byte(n.Text)); err != nil {
		n.Fail(fmt.Sprintf("%s cannot be %s", n.name(), quote(n.Text)), err.Error())
	}
}

func (d *Doc) listValue(n *Node, rv reflect.Value) {
	if n.Kind != List {
		n.Fail(fmt.Sprintf("%s must be a list, not %s", n.name(), n.What()), "write [a, b], or one line with “- ” for each")
		return
	}
	out := reflect.MakeSlice(rv.Type(), len(n.Items), len(n.Items))
	for i, item := range n.Items {
		d.value(item, out.Index(i))
	}
	rv.Set(out)
}

func (d *Doc) mapValue(n *Node, rv reflect.Value) {
	if n.Kind != Map {
		n.Fail(fmt.Sprintf("%s must be a mapping, not %s", n.name(), n.What()), "write “key: value” lines, indented below it")
		return
	}
	if rv.IsNil() {
		rv.Set(reflect.MakeMap(rv.Type()))
	}
	for _, p := range n.Pairs {
		v := reflect.New(rv.Type().Elem()).Elem()
		d.value(p.Value, v)
		rv.SetMapIndex(reflect.ValueOf(p.Key).Convert(rv.Type().Key()), v)
	}
}

func (d *Doc) structValue(n *Node, rv reflect.Value) {
	if n.Kind != Map {
		n.Fail(fmt.Sprintf("%s must be a mapping, not %s", n.name(), n.What()), "write “key: value” lines, indented below it")
		return
	}
	fields := map[string][]int{}
	names := fieldsOf(rv.Type(), nil, fields)
	for _, p := range n.Pairs {
		index, ok := fields[p.Key]
		if !ok {
			n.FailAt(p.Line, p.Col, "unknown key "+quote(p.Key), DidYouMean(p.Key, names))
			continue
		}
		d.value(p.Value, rv.FieldByIndex(index))
	}
}

// fieldsOf collects the keys of a struct type and where they go, and returns
// their names in order.
func fieldsOf(t reflect.Type, at []int, into map[string][]int) []string {
	var names []string
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(slices.Clone(at), i)
		name, opts, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case opts == "inline":
			names = append(names, fieldsOf(f.Type, index, into)...)
			continue
		case !f.IsExported() || name == "-":
			continue
		case name == "":
			name = strings.ToLower(f.Name)
		}
		into[name] = index
		names = append(names, name)
	}
	return names
}

// scalar decodes into text, numbers and booleans.
func (d *Doc) scalar(n *Node, rv reflect.Value) {
	switch k := rv.Kind(); {
	case n.Kind == List || n.Kind == Map:
		n.Fail(fmt.Sprintf("%s must be %s, not %s", n.name(), wants(k), n.What()), "")
	case k == reflect.String:
		d.text(n, rv)
	case k == reflect.Bool:
		d.boolean(n, rv)
	case rv.CanInt():
		v, err := strconv.ParseInt(strings.ReplaceAll(n.Text, "_", ""), 0, rv.Type().Bits())
		if d.number(n, n.Kind == Int, err, "a whole number") {
			rv.SetInt(v)
		}
	case rv.CanUint():
		v, err := strconv.ParseUint(strings.ReplaceAll(n.Text, "_", ""), 0, rv.Type().Bits())
		if d.number(n, n.Kind == Int, err, "a whole number, not negative") {
			rv.SetUint(v)
		}
	case rv.CanFloat():
		v, err := strconv.ParseFloat(n.Text, 64)
		if d.number(n, n.Kind == Int || n.Kind == Float, err, "a number") {
			rv.SetFloat(v)
		}
	default:
		panic("strictyaml: no way to decode into " + rv.Type().String())
	}
}

func wants(k reflect.Kind) string {
	switch {
	case k == reflect.String:
		return "text"
	case k == reflect.Bool:
		return "true or false"
	}
	return "a number"
}

// text takes numbers as they are written, because no letter of them is lost;
// true and false it refuses, because they were hardly meant as words.
func (d *Doc) text(n *Node, rv reflect.Value) {
	if n.Kind == Bool {
		n.Fail(fmt.Sprintf("%s must be text, not %s", n.name(), n.Text), "write "+strconv.Quote(n.Text)+" in quotes if the word is meant")
		return
	}
	rv.SetString(n.Text)
}

func (d *Doc) boolean(n *Node, rv reflect.Value) {
	if n.Kind == Bool {
		rv.SetBool(strings.EqualFold(n.Text, "true"))
		return
	}
	hint := ""
	switch strings.ToLower(n.Text) {
	case "yes", "on", "y", "1":
		hint = "write true"
	case "no", "off", "n", "0":
		hint = "write false"
	case "true", "false":
		hint = "remove the quotes"
	}
	n.Fail(fmt.Sprintf("%s must be true or false, not %s", n.name(), n.What()), hint)
}

// number says what is wrong with a number, and reports whether nothing is.
func (d *Doc) number(n *Node, kind bool, err error, want string) bool {
	if kind && err == nil {
		return true
	}
	hint := ""
	switch {
	case kind && strings.HasPrefix(n.Text, "-"):
	case kind:
		hint = "it is out of range"
	case n.Kind == String && n.Quoted:
		hint = "remove the quotes"
	}
	n.Fail(fmt.Sprintf("%s must be %s, not %s", n.name(), want, n.What()), hint)
	return false
}

// name is what messages call the node: its path.
func (n *Node) name() string {
	if n.Path == "" {
		return "the file"
	}
	return n.Path
}
