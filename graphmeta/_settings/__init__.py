"""Settings of any class: captured, made readable, described, patched. Secrets stay secret in all of it."""

from ._annotations import type_text as type_text
from ._capture import MAX_PICKLED as MAX_PICKLED
from ._capture import capture as capture
from ._patch import convert_settings as convert_settings
from ._patch import default_settings as default_settings
from ._patch import patch as patch
from ._readable import is_whole as is_whole
from ._readable import readable as readable
from ._refusal import error_words as error_words
from ._schema import settings_schema as settings_schema
from ._secrets import REDACTED as REDACTED
from ._secrets import Secret as Secret
