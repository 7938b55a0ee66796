using Amazon.Runtime;
using GrainVault.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GrainVault.Storage.Tests.S3;

/// <summary>Where keys come from when none are configured.</summary>
public sealed class S3CredentialsTests
{
    private const string EndpointVariable = "AWS_ENDPOINT_URL_STS";

    /// <summary>What Kubernetes on AWS gives a pod with a role: a file with a token, and the role's name.</summary>
    [Fact]
    public async Task Token_of_a_pod_becomes_keys_of_its_role()
    {
        using var folder = new TestFolder();
        await File.WriteAllTextAsync(folder["token"], "token of the pod");
        IFormCollection? asked = null;
        await using var service = await StartTokenServiceAsync(form => asked = form);
        // Nothing else in these tests asks this service.
        Environment.SetEnvironmentVariable(EndpointVariable, service.Urls.Single());
        try
        {
            using var role = new AssumeRoleWithWebIdentityCredentials(folder["token"], "arn:aws:iam::123456789012:role/grainvault", "test");

            var keys = await role.GetCredentialsAsync();

            Assert.Equal(("key of the role", "secret of the role", "session of the role"), (keys.AccessKey, keys.SecretKey, keys.Token));
            Assert.Equal("AssumeRoleWithWebIdentity", asked!["Action"]);
            Assert.Equal("token of the pod", asked["WebIdentityToken"]);
        }
        finally
        {
            Environment.SetEnvironmentVariable(EndpointVariable, null);
        }
    }

    private static async Task<WebApplication> StartTokenServiceAsync(Action<IFormCollection> received)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapPost("/", async (HttpRequest request) =>
        {
            received(await request.ReadFormAsync());
            return Results.Text(
                """
                <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
                <Credentials><AccessKeyId>key of the role</AccessKeyId><SecretAccessKey>secret of the role</SecretAccessKey>
                <SessionToken>session of the role</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
                </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>
                """,
                "text/xml");
        });
        await app.StartAsync();
        return app;
    }
}
