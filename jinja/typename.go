package jinja

import (
	"fmt"
	"math/big"
	"strings"
)

// typeName is the name of a value's class in Python.
func typeName(v any) string {
	switch t := v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int64, *big.Int:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case Markup:
		return "Markup"
	case *List:
		return "list"
	case *Tuple:
		if t.Names != nil {
			return "_GroupTuple"
		}
		return "tuple"
	case *Dict:
		return "dict"
	case *generator:
		return t.typeName
	case *rangeValue:
		return "range"
	case *dictView:
		return t.kind
	case *Undefined:
		return t.className()
	case *function:
		return t.typeName
	case *namespace:
		return "Namespace"
	case *module:
		return "TemplateModule"
	case *macro:
		return "Macro"
	case *blockCall:
		return "BlockReference"
	case *selfValue:
		return "TemplateReference"
	case *cycler:
		return "Cycler"
	case *joiner:
		return "Joiner"
	case *loop:
		return "LoopContext"
	}
	return strings.TrimLeft(fmt.Sprintf("%T", v), "*")
}

// objectName is how Jinja2's messages call a value.
func objectName(v any) string {
	switch t := v.(type) {
	case nil:
		return "None"
	case *Tuple:
		if t.Names != nil {
			return "jinja2.filters._GroupTuple object"
		}
	case *Undefined, *macro, *loop, *blockCall, *selfValue:
		return "jinja2.runtime." + typeName(v) + " object"
	case *namespace, *cycler, *joiner:
		return "jinja2.utils." + typeName(v) + " object"
	case *module:
		return "jinja2.environment.TemplateModule object"
	case Markup:
		return "markupsafe.Markup object"
	}
	return typeName(v) + " object"
}
