using GrainVault.Api.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GrainVault.Api.Tests.Http;

public sealed class EscapesMiddlewareTests
{
    [Theory]
    [InlineData("/v1/files?name=a.txt", true)]
    [InlineData("/v1/files?name=%E2%82%AC%20%F0%9F%98%80+x", true)]
    [InlineData("/v1/files?name=100%", true)]
    [InlineData("/v1/files?name=%zz%4", true)]
    [InlineData("/v1/files?name=%25ff", true)]
    [InlineData("/v1/files?name=%ff", false)]
    [InlineData("/v1/files?name=%C0%AE", false)]
    [InlineData("/v1/files?name=%ED%A0%80", false)]
    [InlineData("/v1/files?name=%E2%82&x=%AC", false)]
    [InlineData("/v1/files?name=x%C3", false)]
    [InlineData("/v1/files/by-path/%FE", false)]
    public async Task Target_whose_escapes_are_no_text_is_refused(string target, bool isTaken)
    {
        foreach (var raw in (string[])[target, target + "&pad=" + new string('x', 2_000)])
        {
            var context = new DefaultHttpContext();
            context.Features.Get<IHttpRequestFeature>()!.RawTarget = raw;
            var isCalled = false;

            await new EscapesMiddleware(Next).InvokeAsync(context);

            Assert.Equal((isTaken, isTaken ? 200 : 400), (isCalled, context.Response.StatusCode));

            Task Next(HttpContext _)
            {
                isCalled = true;
                return Task.CompletedTask;
            }
        }
    }
}
