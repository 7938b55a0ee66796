using System.IO.Pipelines;
using System.Text;
using GrainVault.Api.Accounts;
using GrainVault.Api.Http;
using GrainVault.Api.Tests.Running;
using GrainVault.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GrainVault.Api.Tests.Http;

/// <summary>A JSON body that trickles in holds its place for a short time only.</summary>
public sealed class JsonBodyDeadlineTests
{
    private const string LogIn = """{"email":"a@example.org","password":"long enough password"}""";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private readonly ManualTime _time = new();
    private readonly Pipe _pipe = new();

    [Fact]
    public async Task Body_that_is_not_whole_in_time_is_refused_however_many_bytes_come()
    {
        var reading = ReadAsync(LogIn.Length);
        for (var second = 0; second < 9; second++)
        {
            await _pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes(LogIn, second, 1));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.False(reading.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        var problem = (await Assert.ThrowsAsync<ProblemException>(() => reading.WaitAsync(Soon))).Problem;
        Assert.Equal("408 request-timeout", $"{problem.StatusCode} {problem.Type.Slug}");
    }

    [Fact]
    public async Task Body_that_is_whole_in_time_is_read()
    {
        var reading = ReadAsync(LogIn.Length);
        _time.Advance(TimeSpan.FromSeconds(9));
        await _pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes(LogIn));
        await _pipe.Writer.CompleteAsync();
        Assert.Equal("a@example.org", (await reading.WaitAsync(Soon))!.Email);
    }

    [Fact]
    public async Task Large_body_has_as_much_more_time_as_it_is_larger()
    {
        var reading = ReadAsync(1 << 20, 1 << 20);
        _time.Advance(TimeSpan.FromSeconds(159));
        Assert.False(reading.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAsync<ProblemException>(() => reading.WaitAsync(Soon));
    }

    [Theory]
    [InlineData("Content-Length: 99")]
    [InlineData("Transfer-Encoding: chunked")]
    public async Task Server_answers_a_late_body_with_408_and_will_close_the_connection(string header)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(new FrontEndLimits { JsonBodyTimeout = TimeSpan.FromMilliseconds(200) }).AddSingleton(TimeProvider.System);
        await using var app = builder.Build();
        app.UseMiddleware<ProblemMiddleware>();
        app.MapPost("/", (JsonBody<LogInRequest> body) => body.Value.Email);
        await app.StartAsync();

        using var client = await RawClient.ConnectAsync(new Uri(app.Urls.Single()));
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{header}\r\n\r\n");
        var head = await client.HeadAsync();
        Assert.StartsWith("HTTP/1.1 408 ", head, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", head, StringComparison.Ordinal);
    }

    private Task<LogInRequest?> ReadAsync(long length, int bytesMax = 64 << 10)
    {
        var context = new DefaultHttpContext
        {
            RequestServices = new ServiceCollection().AddSingleton(new FrontEndLimits()).AddSingleton<TimeProvider>(_time).BuildServiceProvider(),
            Request = { Method = "POST", ContentType = "application/json", ContentLength = length },
        };
        context.SetEndpoint(new Endpoint(null, new EndpointMetadataCollection(new JsonBodyLimit(bytesMax)), null));
        context.Features.Set<IRequestBodyPipeFeature>(new PipeBody(_pipe.Reader));
        return JsonBodyReader.ReadAsync<LogInRequest>(context).AsTask();
    }

    private sealed record PipeBody(PipeReader Reader) : IRequestBodyPipeFeature;
}
