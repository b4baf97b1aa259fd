"""How the fields of forms look."""

from django import template
from django.forms import BoundField, Select
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def control(field: BoundField, first: bool = False) -> SafeString:
    """Return the field's input or select; the first one of a form has the focus when the page or its dialog opens."""
    attributes: dict[str, str | bool] = {
        "class": "form-select" if isinstance(field.field.widget, Select) else "form-control"
    }
    if first:
        attributes["autofocus"] = True
    return field.as_widget(attrs=attributes)
