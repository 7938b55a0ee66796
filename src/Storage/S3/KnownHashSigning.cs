using Amazon.Runtime;
using Amazon.Runtime.Identity;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Auth;
using Amazon.Runtime.Internal.Util;
using Amazon.S3.Model;
using Amazon.Util;

namespace GrainVault.Storage.S3;

/// <summary>
/// Signs a PUT with the SHA-256 that was computed while the part came in. The SDK's own signer drops a given
/// <c>x-amz-content-sha256</c> and reads the whole body once more, which costs as much as receiving it did.
/// </summary>
internal sealed class KnownHashHandler(Func<S3PayloadSigning> payloadSigning) : PipelineHandler
{
    private const string UnsignedPayload = "UNSIGNED-PAYLOAD";

    /// <inheritdoc/>
    public override Task<T> InvokeAsync<T>(IExecutionContext executionContext)
    {
        Apply(executionContext.RequestContext);
        return base.InvokeAsync<T>(executionContext);
    }

    private void Apply(IRequestContext context)
    {
        var body = context.OriginalRequest switch
        {
            UploadPartRequest part => part.InputStream,
            PutObjectRequest put => put.InputStream,
            _ => null,
        };
        // The SDK puts a stream of its own around the one that it was given.
        if (body is WrapperStream wrapper)
            body = wrapper.SearchWrappedStream(stream => stream is PayloadStream);
        // Only for the plain signature; asymmetric and session signatures keep the SDK's way.
        if (body is not PayloadStream payload || context.Signer is not (Amazon.S3.Internal.S3Signer or KnownHashSigner) || context.Request.SignatureVersion == SignatureVersion.SigV4a)
            return;
        context.Request.ContentStream = payload.OpenAttempt();
        context.Signer = new KnownHashSigner(payloadSigning() == S3PayloadSigning.None ? UnsignedPayload : payload.Sha256Hex);
    }
}

/// <summary>AWS Signature Version 4 over a payload hash that is known ("Signature Calculations for the Authorization Header").</summary>
internal sealed class KnownHashSigner(string payloadSha256Hex) : AWS4Signer
{
    /// <inheritdoc/>
    public override void Sign(IRequest request, IClientConfig clientConfig, RequestMetrics metrics, BaseIdentity identity)
    {
        var credentials = ((AWSCredentials)identity).GetCredentials();
        var signedAt = InitializeHeaders(request.Headers, request.Endpoint);
        request.Headers[HeaderKeys.XAmzContentSha256Header] = payloadSha256Hex;
        var service = string.IsNullOrEmpty(request.OverrideSigningServiceName) ? DetermineService(clientConfig, request) : request.OverrideSigningServiceName;
        // S3 takes the path as it was sent; every other service wants it encoded twice.
        request.UseDoubleEncoding = false;
        request.DeterminedSigningRegion = DetermineSigningRegion(clientConfig, clientConfig.RegionEndpointServiceName, request.AlternateEndpoint, request);
        var headers = SortAndPruneHeaders(request.Headers);
        var canonicalRequest = CanonicalizeRequest(
            request.Endpoint,
            request.ResourcePath,
            request.HttpMethod,
            headers,
            CanonicalizeQueryParameters(GetParametersToCanonicalize(request)),
            payloadSha256Hex,
            request.PathResources,
            request.UseDoubleEncoding);
        var result = ComputeSignature(
            credentials.AccessKey, credentials.SecretKey, request.DeterminedSigningRegion, signedAt, service, CanonicalizeHeaderNames(headers), canonicalRequest);
        request.SignatureVersion = SignatureVersion.SigV4;
        request.Headers[HeaderKeys.AuthorizationHeader] = result.ForAuthorizationHeader;
    }

    /// <inheritdoc/>
    public override Task SignAsync(
        IRequest request, IClientConfig clientConfig, RequestMetrics metrics, BaseIdentity identity, CancellationToken token = default)
    {
        Sign(request, clientConfig, metrics, identity);
        return Task.CompletedTask;
    }
}
