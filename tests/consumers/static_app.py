"""A blog's own app: one distribution beside other resources, in stages without a region."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from constructs_lib import DjangoOrigin, StaticDistribution


class Files(Construct):
    """The blog's static files, and a bucket that has nothing to do with them."""

    def __init__(self, scope: Construct, construct_id: str, *, server: str) -> None:
        super().__init__(scope, construct_id)
        origin = DjangoOrigin.server(server)
        self.static = StaticDistribution(self, "Static", origin=origin)
        self.backups = s3.Bucket(self, "Backups")


class BlogStack(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, *, server: str) -> None:
        super().__init__(scope, construct_id)
        self.alarms = sns.Topic(self, "Alarms")
        self.files = Files(self, "Files", server=server)
        cdk.CfnOutput(self, "Assets", value=self.files.static.domain_name)


def build(app: cdk.App) -> tuple[BlogStack, BlogStack]:
    test, live = cdk.Stage(app, "test"), cdk.Stage(app, "live")
    return (
        BlogStack(test, "blog", server="test.blog.example.com"),
        BlogStack(live, "blog", server="blog.example.com"),
    )


if __name__ == "__main__":
    blog = cdk.App()
    build(blog)
    blog.synth()
