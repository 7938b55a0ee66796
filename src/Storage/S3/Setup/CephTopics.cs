using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using Amazon.Runtime;
using Amazon.Runtime.Credentials;
using Amazon.Runtime.Internal.Auth;

namespace GrainVault.Storage.S3.Setup;

/// <summary>
/// Topics of Ceph's gateway: it answers the actions of SNS on its S3 address ("Bucket Notifications" of the Ceph documentation).
/// Two actions are needed, for which no other client is brought in.
/// </summary>
/// <param name="endpoint">URL of the gateway.</param>
/// <param name="region">Region that signatures name.</param>
/// <param name="credentials">Keys; null for the AWS chain.</param>
/// <param name="config">Settings of the S3 client, for that chain.</param>
internal sealed class CephTopics(Uri endpoint, string region, AWSCredentials? credentials, IClientConfig config) : IDisposable
{
    private const string Service = "sns";
    private const string ContentType = "application/x-www-form-urlencoded";
    private const string SignedHeaders = "content-type;host;x-amz-content-sha256;x-amz-date";
    private const string TokenHeader = "x-amz-security-token";

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });

    /// <summary>What is said to the gateway is encrypted.</summary>
    public bool IsSecure => endpoint.Scheme == Uri.UriSchemeHttps;

    /// <summary>Makes a topic that sends to a URL, or leads one of this name there; its ARN.</summary>
    public async Task<string> CreateAsync(string name, string url, CancellationToken cancellationToken)
    {
        var answer = await CallAsync(
            [("Action", "CreateTopic"), ("Name", name), ("Attributes.entry.1.key", "push-endpoint"), ("Attributes.entry.1.value", url)],
            cancellationToken).ConfigureAwait(false);
        return TextOf(answer, "TopicArn") ?? throw new AmazonServiceException("No TopicArn in the answer.", null!, HttpStatusCode.BadGateway);
    }

    /// <summary>The URL that a topic sends to; null when there is no such topic.</summary>
    public async Task<string?> FindUrlAsync(string arn, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await CallAsync([("Action", "GetTopicAttributes"), ("TopicArn", arn)], cancellationToken).ConfigureAwait(false);
            foreach (var entry in answer.Descendants().Where(one => one.Name.LocalName == "entry"))
            {
                if (TextOf(entry, "key") == "EndPoint" && TextOf(entry, "value") is { } json)
                {
                    using var document = JsonDocument.Parse(json);
                    return document.RootElement.GetProperty("EndpointAddress").GetString();
                }
            }

            return null;
        }
        catch (AmazonServiceException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<XElement> CallAsync((string Name, string Value)[] form, CancellationToken cancellationToken)
    {
        var body = Encoding.ASCII.GetBytes(string.Join('&', form.Select(field => $"{field.Name}={Uri.EscapeDataString(field.Value)}")));
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new ByteArrayContent(body) };
        await SignAsync(request, body).ConfigureAwait(false);
        using var response = await _http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        var text = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        var answer = TryParse(text);
        if (response.IsSuccessStatusCode && answer is not null)
            return answer;
        var code = answer is null ? null : TextOf(answer, "Code");
        throw new AmazonServiceException("The gateway refused a topic.", ErrorType.Unknown, code ?? "", "", response.StatusCode);
    }

    /// <summary>AWS Signature Version 4 in the header.</summary>
    private async Task SignAsync(HttpRequestMessage request, byte[] body)
    {
        var given = credentials ?? await DefaultAWSCredentialsIdentityResolver.GetCredentialsAsync(config).ConfigureAwait(false);
        var keys = await given.GetCredentialsAsync().ConfigureAwait(false);
        var now = DateTime.UtcNow;
        var date = now.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var hash = Convert.ToHexStringLower(SHA256.HashData(body));
        var path = request.RequestUri!.AbsolutePath;
        var headers = $"content-type:{ContentType}\nhost:{request.RequestUri.Authority}\nx-amz-content-sha256:{hash}\nx-amz-date:{date}\n";
        var names = SignedHeaders;
        if (keys.UseToken)
        {
            headers += $"{TokenHeader}:{keys.Token}\n";
            names += ";" + TokenHeader;
            request.Headers.TryAddWithoutValidation(TokenHeader, keys.Token);
        }

        var signature = AWS4Signer.ComputeSignature(keys, region, now, Service, names, $"POST\n{path}\n\n{headers}\n{names}\n{hash}");
        request.Headers.TryAddWithoutValidation("x-amz-content-sha256", hash);
        request.Headers.TryAddWithoutValidation("x-amz-date", date);
        request.Headers.TryAddWithoutValidation("Authorization", signature.ForAuthorizationHeader);
        request.Content!.Headers.TryAddWithoutValidation("Content-Type", ContentType);
    }

    private static XElement? TryParse(string text)
    {
        try
        {
            return XElement.Parse(text);
        }
        catch (System.Xml.XmlException)
        {
            return null;
        }
    }

    private static string? TextOf(XElement root, string name) => root.Descendants().FirstOrDefault(one => one.Name.LocalName == name)?.Value;
}
