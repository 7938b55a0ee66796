using GrainVault.Api.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrainVault.Api.Tests.Http;

public sealed class ProblemMiddlewareTests
{
    [Theory]
    [InlineData(true, 206)]
    [InlineData(false, 499)]
    public async Task Client_that_went_is_an_error_of_nobody(bool hasBegun, int status)
    {
        var context = new DefaultHttpContext { RequestAborted = new CancellationToken(canceled: true) };
        context.Features.Set<IHttpResponseFeature>(new ResponseFeature(hasBegun));

        await new ProblemMiddleware(_ => throw new OperationCanceledException(), NullLogger<ProblemMiddleware>.Instance).InvokeAsync(context);

        Assert.Equal(status, context.Response.StatusCode);
    }

    /// <summary>As the server's: the status of a response that has begun can't be set.</summary>
    private sealed class ResponseFeature(bool hasBegun) : HttpResponseFeature, IHttpResponseFeature
    {
        private int _statusCode = 206;

        public override bool HasStarted => hasBegun;

        int IHttpResponseFeature.StatusCode
        {
            get => _statusCode;
            set => _statusCode = hasBegun ? throw new InvalidOperationException("The response has already started.") : value;
        }
    }
}
