"""What all Kubernetes objects have in common."""

import msgspec


class Struct(msgspec.Struct, rename="camel", gc=False, omit_defaults=True):
    """A part of an object; unknown fields are ignored."""


class OwnerReference(Struct):
    """Who made an object."""

    kind: str
    name: str
    uid: str
    api_version: str = ""
    controller: bool | None = None


class Metadata(Struct):
    """Names, labels and owners."""

    name: str = ""
    namespace: str = "default"
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[OwnerReference] | None = None

    @property
    def controller(self) -> OwnerReference | None:
        """The owner that controls the object."""
        for owner in self.owner_references or ():
            if owner.controller:
                return owner
        return None

    def label(self, name: str) -> str | None:
        """Return the value of a label."""
        return self.labels.get(name) if self.labels else None

    def annotation(self, name: str) -> str | None:
        """Return the value of an annotation."""
        return self.annotations.get(name) if self.annotations else None
